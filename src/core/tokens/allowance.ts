import type { Instant } from '../time.ts';

/** How many API tokens an account may hold, and make in an hour; rotations do not count as made. */
export interface Limits {
  readonly maxApiTokens: number;
  readonly creationsPerHour: number;
}

/** What a member made within the hour before they had everything erased. */
export interface SpentAllowance {
  readonly created: number;
  readonly rotated: number;
  /** Until when it counts. */
  readonly until: Instant;
}

const HOUR_MS = 3_600_000;

/** What an account made within the hour. */
export interface Made {
  /** When, oldest first. */
  readonly at: readonly Instant[];
  /** How many more there were, of which the instants are forgotten, and until when those count. */
  readonly spent: { readonly count: number; readonly until: Instant };
}

/** Until when an account may not make another, which may make `most` within an hour; null if it may. */
export function exhaustedUntil({ at, spent }: Made, most: number): Instant | null {
  const left = most - spent.count;
  if (left <= 0) return spent.until;
  const oldest = at.at(-left);
  if (oldest === undefined) return null;
  const free = oldest + HOUR_MS;
  return spent.count > 0 ? Math.min(free, spent.until) : free;
}
