import type { Clock, Instant } from '../time.ts';
import { pauseAfter } from './retries.ts';

/** One of what is due. */
export interface Due {
  /** This attempt included. */
  readonly attempts: number;
}

export interface QueueDeps<Entry extends Due> {
  readonly clock: Clock;
  /** How long after a first attempt the next one follows; each later pause is twice as long. */
  readonly firstRetryMs: number;
  /** The next that is due, taken until `again`: by then it is due once more. */
  readonly take: (now: Instant, again: Instant) => Promise<Entry | null>;
  /** @returns whether it is done; if not, it is tried again, though nothing failed */
  readonly work: (entry: Entry, now: Instant) => Promise<boolean>;
  readonly drop: (entry: Entry) => Promise<void>;
  readonly postpone: (entry: Entry, until: Instant) => Promise<void>;
  readonly onFailure: (error: unknown, entry: Entry, givenUp: boolean) => void;
}

const AT_ONCE = 10;

/**
 * Works off what is due, a few at a time, so that others get their turn. What fails is tried again with
 * growing pauses, for a day.
 */
export function createQueueWorker<Entry extends Due>(deps: QueueDeps<Entry>) {
  const { clock, firstRetryMs, take, work, drop, postpone, onFailure } = deps;

  async function workOnOne(): Promise<boolean> {
    const now = clock();
    const entry = await take(now, now + firstRetryMs);
    if (entry === null) return false;
    try {
      if (await work(entry, now)) await drop(entry);
      else await postpone(entry, now + firstRetryMs * 2 ** (entry.attempts - 1));
    } catch (error) {
      const pause = pauseAfter(entry.attempts, error, firstRetryMs);
      onFailure(error, entry, pause === null);
      if (pause === null) await drop(entry);
      else await postpone(entry, now + pause);
    }
    return true;
  }

  return {
    async run(): Promise<void> {
      for (let count = 0; count < AT_ONCE; count += 1) {
        if (!(await workOnOne())) return;
      }
    },
  };
}
