import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Sessions, Verdict } from '../core/sessions.ts';
import type { Log } from '../log.ts';
import type { Meter } from '../metrics.ts';
import { credentialIn } from './bearer.ts';
import { rfc3339 } from './schemas.ts';
import type { Shortcut } from './server.ts';

type Checked = Pick<Extract<Verdict, { is: 'valid' }>, 'id' | 'userId' | 'type' | 'expiresAt'>;

export const CHECK_PATH = '/sessions/@me';

/** What a good token is answered with: for programs, and for proxies that copy headers. */
export function checkAnswer({ id, userId, type, expiresAt }: Checked) {
  return {
    headers: [
      ['x-latchkey-session', id],
      ['x-latchkey-type', type],
      ['x-latchkey-user', userId],
    ] as [name: string, value: string][],
    body: { user_id: userId, id, state: 'normal' as const, type, expiry: rfc3339(expiresAt) },
  };
}

export interface TokenCheckDeps {
  readonly sessions: Pick<Sessions, 'verify'>;
  readonly log: Pick<Log, 'debug'>;
  readonly meter: Meter;
}

/**
 * Answers `GET /sessions/@me` for a good token before the framework, which takes longer than the check
 * itself: it is asked as often as the API behind us. The API answers whatever else is asked, and is
 * asked again for whatever is refused.
 */
export function createTokenCheck({ sessions, log, meter }: TokenCheckDeps): Shortcut {
  const isHost = rememberLast((host) => URL.canParse(`http://${host}`));

  /** The token, where the request is a check and nothing about it needs a second look. */
  function plainToken({ method, url, rawHeaders }: IncomingMessage): string | undefined {
    if (method !== 'GET' || url !== CHECK_PATH) return undefined;
    const header = sentOnce(rawHeaders, 'authorization');
    const host = sentOnce(rawHeaders, 'host');
    if (header === undefined || host === undefined || !isHost(host)) return undefined;
    return credentialIn(header);
  }

  return async (request, response) => {
    const startedAt = performance.now();
    const token = plainToken(request);
    if (token === undefined) return false;
    const verdict = await sessions.verify(token).catch(() => undefined);
    if (verdict?.is !== 'valid') return false;
    meter.check('valid');
    const requestId = randomUUID();
    const { headers, body } = checkAnswer(verdict);
    const text = JSON.stringify(body);
    // Pairs: Node takes longer over an object.
    response.writeHead(200, [
      ['cache-control', 'no-store'],
      ['content-type', 'application/json'],
      ...headers,
      ['x-request-id', requestId],
      ['Content-Length', String(Buffer.byteLength(text))],
    ]);
    response.end(text);
    const ms = Math.round((performance.now() - startedAt) * 100) / 100;
    log.debug({ request: requestId, method: 'GET', path: CHECK_PATH, status: 200, ms }, 'request');
    return true;
  };
}

/** The same test, which is not made again of what passed it last: nearly all requests name one host. */
function rememberLast(test: (value: string) => boolean): (value: string) => boolean {
  let passed: string | undefined;
  return (value) => {
    if (value === passed) return true;
    if (!test(value)) return false;
    passed = value;
    return true;
  };
}

/** The value of a header of which there is one. Node would make an object of all of them first. */
function sentOnce(rawHeaders: readonly string[], name: string): string | undefined {
  let value: string | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.length !== name.length) continue;
    if (rawHeaders[index]?.toLowerCase() !== name) continue;
    if (value !== undefined) return undefined;
    value = rawHeaders[index + 1];
  }
  return value;
}
