import type { Context, MiddlewareHandler } from 'hono';
import type { Clock } from '../../core/time.ts';
import type { Log } from '../../log.ts';
import { ANY_CHECK_PATH, CHECK_PATH } from '../check/check-path.ts';
import type { Env } from '../env.ts';
import { type ClientAddress, countedAddress } from './client-address.ts';
import type { RequestId } from './request-id.ts';

export interface RequestLogDeps {
  readonly log: Log;
  readonly clock: Clock;
  readonly addressOf: ClientAddress;
  readonly identify: (context: Context<Env>) => RequestId;
}

const MINUTE_MS = 60_000;
/** From one address, in a minute: more than one reads, less than fills a disk. */
const LINES = 60;
/** That are counted apart. A stranger may have more of them than there is memory. */
const ADDRESSES = 1_000;
const OTHERS = 'others';

const QUIET = new Set([CHECK_PATH, ANY_CHECK_PATH, '/health', '/health/live']);

/**
 * Gives each request an id and a line in the log, with the address of who was refused. What one
 * address sends beyond some lines a minute is one line, when the minute is over.
 */
export function requestLog(deps: RequestLogDeps): MiddlewareHandler<Env> {
  const { log, clock, addressOf, identify } = deps;
  let counts = new Map<string, number>();
  let endsAt = 0;

  function tellOfTheRest(): void {
    const now = clock();
    if (now < endsAt && now >= endsAt - MINUTE_MS) return;
    const since = new Date(endsAt - MINUTE_MS).toISOString();
    for (const [counted, count] of counts) {
      if (count <= LINES) continue;
      const address = counted.includes(':') ? `${counted}::/64` : counted;
      const requests = count - LINES;
      log.info({ address, requests, since }, 'requests without a line of their own');
    }
    counts = new Map();
    endsAt = now + MINUTE_MS;
  }

  function hasLine(address: string): boolean {
    const counted = countedAddress(address);
    const key = counts.has(counted) || counts.size < ADDRESSES ? counted : OTHERS;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count <= LINES;
  }

  return async (context, next) => {
    const startedAt = performance.now();
    const { id: requestId, trace } = identify(context);
    context.set('requestId', requestId);
    context.header('X-Request-Id', requestId);
    if (trace !== undefined) context.header('X-Trace-Id', trace);
    await next();
    tellOfTheRest();
    const { method, path } = context.req;
    const { status } = context.res;
    const ms = Math.round((performance.now() - startedAt) * 100) / 100;
    const line = { request: requestId, trace, method, path, status, ms };
    // Checks are as many as the requests of the API behind us: good ones are for those who look closely.
    if (status < 400 && QUIET.has(path)) {
      log.debug(line, 'request');
      return;
    }
    const address = addressOf(context);
    if (!hasLine(address)) return;
    const failure = status >= 500 ? context.error : undefined;
    if (status < 400) log.info(line, 'request');
    else if (failure === undefined) log.info({ ...line, address }, 'request');
    else if (status === 500) log.error({ ...line, address, err: failure }, 'a request failed');
    else log.warn({ ...line, address, err: failure }, 'a request could not be served');
  };
}
