import { AppError } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import { countedAddress } from './client-address.ts';

const MINUTE_MS = 60_000;

/** Counts what was refused, by address, in windows of a minute. */
export interface FailureLimit {
  /** Counts one. @throws AppError `rate_limited` if that was one too many */
  readonly count: (address: string) => void;
  /** @throws AppError `rate_limited` if there were too many already */
  readonly check: (address: string) => void;
}

export function createFailureLimit(perMinute: number, clock: Clock): FailureLimit {
  // All windows end together, so that forgetting costs nothing and memory stays bounded by a minute.
  let counts = new Map<string, number>();
  let endsAt = 0;

  function limit(address: string, more: number): void {
    const now = clock();
    if (now >= endsAt || now < endsAt - MINUTE_MS) {
      counts = new Map();
      endsAt = now + MINUTE_MS;
    }
    const key = countedAddress(address);
    const count = (counts.get(key) ?? 0) + more;
    if (more > 0) counts.set(key, count);
    if (count > perMinute) {
      throw new AppError('rate_limited', 'Too many refused attempts from this address.', {
        retryAfterMs: endsAt - now,
      });
    }
  }

  return {
    count: (address) => limit(address, 1),
    check: (address) => limit(address, 0),
  };
}
