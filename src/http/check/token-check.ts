import type { Standing } from '../../core/policy/standing.ts';
import type { Sessions } from '../../core/sessions/sessions.ts';
import type { Log } from '../../log.ts';
import type { Meter } from '../../metrics.ts';
import { credentialIn } from '../request/bearer.ts';
import type { RequestIds } from '../request/request-id.ts';
import type { FastPath } from '../server/server.ts';
import { createAskedScopes } from './asked-scopes.ts';
import { checkAnswer } from './check-answer.ts';
import { ANY_CHECK_PATH, CHECK_PATH, checkedAt } from './check-path.ts';

const LONG_BODY_BYTES = 16 * 1024;

/** What the API calls them. */
const CHECK_ROUTE = `GET ${CHECK_PATH}`;
const ANY_CHECK_ROUTE = `ALL ${ANY_CHECK_PATH}`;

export interface TokenCheckDeps {
  readonly sessions: Pick<Sessions, 'verify'>;
  readonly log: Pick<Log, 'debug'>;
  readonly meter: Meter;
  readonly newRequestId: RequestIds;
  /** Whether pages of other origins may read answers. Those are left to the API. */
  readonly isOpen: boolean;
}

/**
 * Answers a check of a good token before the framework, which takes longer than the check itself: it is
 * asked as often as the API behind us. The API answers whatever else is asked, and is asked again for
 * whatever is refused.
 */
export function createTokenCheck(deps: TokenCheckDeps): FastPath {
  const { sessions, log, meter, newRequestId, isOpen } = deps;
  const isHost = rememberLast((host) => URL.canParse(`http://${host}`));
  const askedScopes = createAskedScopes();

  /** The token, where nothing about the request needs a second look. */
  function plainToken(rawHeaders: readonly string[]): string | undefined {
    const header = sentOnce(rawHeaders, 'authorization');
    const host = sentOnce(rawHeaders, 'host');
    if (header === undefined || host === undefined || !isHost(host)) return undefined;
    if (isOpen && isSent(rawHeaders, 'origin')) return undefined;
    return credentialIn(header);
  }

  /** Whether a token has all that is asked for: what stands behind any other path is another API's. */
  function mayDo(standing: Standing | null, path: string, address: string): boolean {
    if (standing === null || path !== CHECK_PATH) return true;
    try {
      return askedScopes(address).every((name) => standing.scopes.includes(name));
    } catch {
      // The API says what is wrong with it.
      return false;
    }
  }

  return async (request, response) => {
    const startedAt = performance.now();
    const { method = '', url = '', rawHeaders } = request;
    const path = checkedAt(method, url);
    if (path === undefined || mayBeLong(method, rawHeaders)) return false;
    const token = plainToken(rawHeaders);
    if (token === undefined) return false;
    const verdict = await sessions.verify(token).catch(() => undefined);
    if (verdict?.is !== 'valid' || !mayDo(verdict.standing, path, url)) return false;
    meter.quickCheck(path === CHECK_PATH ? CHECK_ROUTE : ANY_CHECK_ROUTE);
    const { id: requestId, trace } = newRequestId(
      (name) => sentOnce(rawHeaders, name),
      request.socket,
    );
    // Node takes longer over an object, and over pairs.
    const headers = ['cache-control', 'no-store', 'content-type', 'application/json'];
    if (isOpen) headers.push('vary', 'Origin');
    const { text, bytes } = checkAnswer(verdict, headers);
    headers.push('x-request-id', requestId);
    if (trace !== undefined) headers.push('x-trace-id', trace);
    if (method !== 'HEAD') headers.push('Content-Length', String(bytes));
    response.writeHead(200, headers);
    // The same bytes where there is nothing but ASCII, which Node then need not look for.
    response.end(text, bytes === text.length ? 'latin1' : 'utf8');
    const ms = Math.round((performance.now() - startedAt) * 100) / 100;
    log.debug({ request: requestId, trace, method, path, status: 200, ms }, 'request');
    return true;
  };
}

/** Of a body that nobody reads Node takes all that comes; the framework's server puts an end to that. */
function mayBeLong(method: string, rawHeaders: readonly string[]): boolean {
  if (method === 'GET' || method === 'HEAD') return false;
  if (isSent(rawHeaders, 'transfer-encoding')) return true;
  return Number(sentOnce(rawHeaders, 'content-length') ?? 0) > LONG_BODY_BYTES;
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

function isSent(rawHeaders: readonly string[], name: string): boolean {
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.length === name.length && rawHeaders[index]?.toLowerCase() === name)
      return true;
  }
  return false;
}
