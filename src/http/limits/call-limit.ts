import type { MiddlewareHandler } from 'hono';
import { createRateLimit } from '../../core/rate-limit.ts';
import type { Clock } from '../../core/time.ts';
import type { Env } from '../env.ts';
import { tooMany } from '../errors.ts';

const CALLS_PER_MINUTE = 240;

/** Bounds what one account asks for beside its checks. Nobody needs so much; loops do. */
export function callLimit(clock: Clock): MiddlewareHandler<Env> {
  const message = `An account may send ${CALLS_PER_MINUTE} such requests a minute.`;
  const refuse = (retryAfterMs: number) => tooMany(message, retryAfterMs);
  const limit = createRateLimit({ most: CALLS_PER_MINUTE, windowMs: 60_000, refuse }, clock);
  return (context, next) => {
    // Whoever has a leaked token must not keep its owner from revoking it: each method counts alone.
    limit.count(`${context.req.method} ${context.get('actor').userId}`);
    return next();
  };
}
