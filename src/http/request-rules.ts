import { HTTPException } from 'hono/http-exception';
import { invalid } from '../core/errors.ts';
import { TOKEN_SHAPED } from '../core/token.ts';

/** Addresses end up in logs and histories: a token there is refused even if it is good (RFC 6750, 5.3). */
export function refuseTokenInQuery(query: string): void {
  // A token is plain ASCII; whatever else is encoded here need not even be text.
  const read = query.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) =>
    String.fromCodePoint(Number.parseInt(hex, 16)),
  );
  if (/[?&](?:access_)?token=/i.test(read) || read.search(TOKEN_SHAPED) !== -1) {
    throw invalid(
      'A token must not be in the address. Send it in the Authorization header, and replace this one.',
    );
  }
}

const FORM_PATHS = new Set(['/introspect', '/revoke']);

/** What does not say that it is JSON, or a form where OAuth asks for one, is not read. */
export function requireBodyType(method: string, path: string, headers: Headers): void {
  if (method !== 'POST') return;
  const length = headers.get('Content-Length') ?? '0';
  if (length === '0' && !headers.has('Transfer-Encoding')) return;
  const wanted = FORM_PATHS.has(path) ? 'application/x-www-form-urlencoded' : 'application/json';
  const [type = ''] = (headers.get('Content-Type') ?? '').split(';');
  if (type.trim().toLowerCase() !== wanted) {
    throw new HTTPException(415, { message: `The body must be ${wanted}.` });
  }
}
