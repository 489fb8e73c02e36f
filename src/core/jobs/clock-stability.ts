import type { SettingStore } from '../settings.ts';
import type { Clock, Instant } from '../time.ts';

const MARK = 'clock';
const MINUTE_MS = 60_000;
/** A difference between wall clock and running time that no correction of the clock makes. */
const JUMP_MS = 10 * MINUTE_MS;
/** A longer gap between two marks may be a jump as well as a stop. */
const GAP_MS = 120 * MINUTE_MS;
const MARK_EVERY_MS = 10 * MINUTE_MS;

interface Mark {
  /** Since when the clock has run without a gap, and when that was last written; 0 if it is to be at once. */
  readonly since: Instant;
  readonly last: Instant;
}

export interface ClockStabilityDeps {
  readonly store: SettingStore;
  readonly clock: Clock;
  /** Milliseconds for which this process has run; does not jump with the clock. */
  readonly monotonicNow: () => number;
}

/**
 * For how long the clock has run on without a jump, by marks in the database and by running time. What
 * age destroys or reminds of waits for that: a clock that is set a year ahead, and back, must not cost
 * anybody anything.
 */
export function createClockStability({ store, clock, monotonicNow }: ClockStabilityDeps) {
  let mark: Mark | undefined;
  let seen = { wall: clock(), running: monotonicNow() };

  /** On a new database there is nothing that a wrong clock could spoil. */
  async function readMark(now: Instant): Promise<Mark> {
    const known = (await store.findSetting(MARK)) as Mark | undefined;
    if (known === undefined) return { since: 0, last: 0 };
    const gapless = now >= known.last && now - known.last <= GAP_MS;
    return gapless ? known : { since: now, last: 0 };
  }

  return {
    /** In milliseconds. To be asked often. */
    async stableForMs(): Promise<number> {
      const [now, ran] = [clock(), monotonicNow()];
      mark ??= await readMark(now);
      const drift = now - seen.wall - (ran - seen.running);
      seen = { wall: now, running: ran };
      if (Math.abs(drift) > JUMP_MS) mark = { since: now, last: 0 };
      if (now - mark.last >= MARK_EVERY_MS) {
        mark = { since: mark.since, last: now };
        await store.saveSetting(MARK, mark);
      }
      return now - mark.since;
    },
  };
}

export type ClockStability = ReturnType<typeof createClockStability>;
