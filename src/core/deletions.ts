import type { Clock, DueDeletion, DeletionStore } from './ports.ts';
import { pauseAfter } from './retries.ts';

/**
 * Deletes the message at a place; done, too, where it is not there any more or never can be deleted.
 * @throws where another attempt may help; AppError with `retryAfterMs` where it is known when
 */
export type DeleteMessage = (place: string) => Promise<void>;

export interface DeletionsDeps {
  readonly store: DeletionStore;
  readonly clock: Clock;
  readonly deleteMessage: DeleteMessage;
  readonly onFailure: (error: unknown, deletion: DueDeletion, givenUp: boolean) => void;
}

const AT_ONCE = 10;
const FIRST_RETRY_MS = 15_000;

/** Deletes the messages that hold a token when their time has come. */
export function createDeletions({ store, clock, deleteMessage, onFailure }: DeletionsDeps) {
  async function deleteOne(): Promise<boolean> {
    const now = clock();
    const due = await store.takeDeletion(now, now + FIRST_RETRY_MS);
    if (due === null) return false;
    try {
      await deleteMessage(due.place);
      await store.dropDeletion(due.place);
    } catch (error) {
      const pause = pauseAfter(due.attempts, error, FIRST_RETRY_MS);
      onFailure(error, due, pause === null);
      if (pause === null) await store.dropDeletion(due.place);
      else await store.postponeDeletion(due.place, now + pause);
    }
    return true;
  }

  return {
    /** Deletes what is due, a few messages at a time. */
    async run(): Promise<void> {
      for (let count = 0; count < AT_ONCE; count += 1) {
        if (!(await deleteOne())) return;
      }
    },
  };
}
