import type { Clock, Instant } from './time.ts';

/** Counts by key, in windows that end for all keys together. */
export interface RateLimit {
  /** Counts one. @throws what the rule refuses with, if that was one too many */
  readonly count: (key: string) => void;
  /** @throws the same, if there were too many already */
  readonly check: (key: string) => void;
  /** Whether any was counted in this window. */
  readonly has: (key: string) => boolean;
}

export interface RateLimitRule {
  /** So many in a window are let through. */
  readonly most: number;
  readonly windowMs: number;
  /** What whoever is refused gets. */
  readonly refuse: (retryAfterMs: number) => Error;
}

/** Strangers choose keys: beyond so many the oldest is forgotten. */
const KEYS = 100_000;

/** A limit of this process, in memory that is bounded whatever the keys are. */
export function createRateLimit(
  { most, windowMs, refuse }: RateLimitRule,
  clock: Clock,
): RateLimit {
  let counts = new Map<string, number>();
  let endsAt = 0;

  function limit(key: string, more: number): void {
    const now = clock();
    beginWindow(now);
    const count = (counts.get(key) ?? 0) + more;
    if (more > 0) {
      counts.set(key, count);
      const [oldest = key] = counts.keys();
      if (counts.size > KEYS) counts.delete(oldest);
    }
    if (count > most) throw refuse(endsAt - now);
  }

  function beginWindow(now: Instant): void {
    if (now < endsAt && now >= endsAt - windowMs) return;
    counts = new Map();
    endsAt = now + windowMs;
  }

  return {
    count: (key) => limit(key, 1),
    check: (key) => limit(key, 0),
    has(key) {
      beginWindow(clock());
      return counts.has(key);
    },
  };
}
