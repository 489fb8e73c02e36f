import { HTTPException } from 'hono/http-exception';
import { TOKEN_SHAPED } from '../../core/sessions/token.ts';
import { badRequest, bearerChallenge } from '../errors.ts';
import { FORM, mediaType } from './form.ts';

/** Addresses end up in logs and histories: a token there is refused even if it is good (RFC 6750, 5.3). */
export function refuseTokenInQuery(query: string): void {
  // A token is plain ASCII; whatever else is encoded here need not even be text.
  const read = query.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) =>
    String.fromCodePoint(Number.parseInt(hex, 16)),
  );
  if (/[?&](?:access_)?token=/i.test(read) || read.search(TOKEN_SHAPED) !== -1) {
    throw badRequest(
      'A token must not be in the address. Send it in the Authorization header, and replace this one.',
      bearerChallenge('invalid_request'),
    );
  }
}

const JSON_ONLY: readonly string[] = ['application/json'];
const TYPES: ReadonlyMap<string, readonly string[]> = new Map([
  ['/introspect', [FORM]],
  ['/revoke', [FORM]],
  ['/oauth2', [...JSON_ONLY, FORM]],
]);

/** What does not say that it is JSON, or a form where OAuth asks for one, is not read. */
export function requireBodyType(method: string, path: string, headers: Headers): void {
  if (method !== 'POST') return;
  const length = headers.get('Content-Length') ?? '0';
  if (length === '0' && !headers.has('Transfer-Encoding')) return;
  const wanted = TYPES.get(path) ?? JSON_ONLY;
  if (wanted.includes(mediaType(headers.get('Content-Type')))) return;
  throw new HTTPException(415, { message: `The body must be ${wanted.join(' or ')}.` });
}
