import { setTimeout as delay, setImmediate as yieldToOthers } from 'node:timers/promises';
import type { UserId } from '../actor.ts';
import type { Store } from '../store.ts';
import type { Clock } from '../time.ts';
import type { SessionType } from './session.ts';

/** Members in a slice: a millisecond or two, where they have a hundred sessions each. */
const SLICE = 20;
const PATIENCE_MS = 200;
const SHORTEST_PAUSE_MS = 5_000;
/** After a count nothing is counted for so many times as long as it took. */
const PAUSE_SHARE = 100;

export type LiveSessions = Readonly<Record<SessionType, number>>;

export interface LiveSessionsDeps {
  readonly store: Pick<Store, 'totalLive'>;
  readonly clock: Clock;
  /** Milliseconds for which this process has run; does not jump with the clock. */
  readonly monotonicNow: () => number;
}

/**
 * How many sessions are live, whoever's, for who watches over the program. Millions are counted in slices,
 * between which others get their turn, and so seldom that it takes a hundredth of the time at most.
 */
export function createLiveSessions({ store, clock, monotonicNow }: LiveSessionsDeps) {
  let counted: LiveSessions | null = null;
  let counting: Promise<void> | null = null;
  let nextAt = -Infinity;

  async function countAll(): Promise<void> {
    const startedAt = monotonicNow();
    const now = clock();
    const sum = { login: 0, app_login: 0, api: 0 };
    let after: UserId | null = null;
    do {
      const { live, last } = await store.totalLive(now, after, SLICE);
      sum.login += live.login;
      sum.app_login += live.app_login;
      sum.api += live.api;
      after = last;
      if (after !== null) await yieldToOthers();
    } while (after !== null);
    counted = sum;
    const endedAt = monotonicNow();
    nextAt = endedAt + Math.max(SHORTEST_PAUSE_MS, PAUSE_SHARE * (endedAt - startedAt));
  }

  return {
    /** The newest count: this moment's, where few have to be counted; null until there is one. */
    async count(): Promise<LiveSessions | null> {
      if (counting === null && monotonicNow() >= nextAt) {
        counting = countAll().finally(() => (counting = null));
        // Who does not wait for it to the end must not miss that it failed.
        counting.catch(() => {});
      }
      if (counting !== null) {
        await Promise.race([counting, delay(PATIENCE_MS, undefined, { ref: false })]);
      }
      return counted;
    },
  };
}
