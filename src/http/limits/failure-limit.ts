import { refuse } from '../../core/errors.ts';
import { createRateLimit, type RateLimit } from '../../core/rate-limit.ts';
import type { Clock } from '../../core/time.ts';
import { countedAddress } from '../request/client-address.ts';

/** Counts what was refused, by address, in windows of a minute. */
export type FailureLimit = RateLimit;

export function createFailureLimit(perMinute: number, clock: Clock): FailureLimit {
  const limit = createRateLimit(
    {
      most: perMinute,
      windowMs: 60_000,
      refuse: (retryAfterMs) =>
        refuse({ code: 'rate_limited', reason: 'failures' }, { retryAfterMs }),
    },
    clock,
  );
  return {
    count: (address) => limit.count(countedAddress(address)),
    check: (address) => limit.check(countedAddress(address)),
    has: (address) => limit.has(countedAddress(address)),
  };
}
