import type { Instant } from './session.ts';

/** What a member made within the hour before they had everything erased. */
export interface SpentAllowance {
  readonly created: number;
  readonly rotated: number;
  /** Until when it counts. */
  readonly until: Instant;
}

const HOUR_MS = 3_600_000;

/**
 * Until when an account may not make another, which may make `most` within an hour; null if it may.
 * `madeAt` are the instants of those it made within the hour, oldest first; `spent` is how many more
 * there were that nobody knows the instants of, and until when those count.
 */
export function exhaustedUntil(
  madeAt: readonly Instant[],
  spent: { readonly count: number; readonly until: Instant },
  most: number,
): Instant | null {
  const left = most - spent.count;
  if (left <= 0) return spent.until;
  const oldest = madeAt.at(-left);
  if (oldest === undefined) return null;
  const free = oldest + HOUR_MS;
  return spent.count > 0 ? Math.min(free, spent.until) : free;
}
