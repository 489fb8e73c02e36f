import type { Clock } from '../time.ts';
import { readPending, type Retract } from '../tokens/delivery.ts';
import { pauseAfter } from './retries.ts';
import type { DeletionStore, DueDeletion } from './store.ts';

/**
 * Deletes the message at a place; done, too, where it is not there any more or never can be deleted.
 * @throws where another attempt may help; AppError with `retryAfterMs` where it is known when
 */
export type DeleteMessage = (messageRef: string) => Promise<void>;

export interface DeletionsDeps {
  readonly store: DeletionStore;
  readonly clock: Clock;
  readonly deleteMessage: DeleteMessage;
  readonly retract: Retract;
  readonly onFailure: (error: unknown, deletion: DueDeletion, givenUp: boolean) => void;
}

const AT_ONCE = 10;
const FIRST_RETRY_MS = 15_000;
/** How often a message is looked for that may never have been sent, or may still arrive. */
const LOOKS = 4;

/** Deletes the messages that hold a token when their time has come, and finds those whose token is lost. */
export function createDeletions(deps: DeletionsDeps) {
  const { store, clock, deleteMessage, retract, onFailure } = deps;

  /** Whether nothing is left to do. */
  async function settle({ messageRef, attempts }: DueDeletion): Promise<boolean> {
    const lost = readPending(messageRef);
    if (lost !== null) return (await retract(lost)) || attempts >= LOOKS;
    await deleteMessage(messageRef);
    return true;
  }

  async function deleteOne(): Promise<boolean> {
    const now = clock();
    const due = await store.takeDeletion(now, now + FIRST_RETRY_MS);
    if (due === null) return false;
    try {
      if (await settle(due)) await store.dropDeletion(due.messageRef);
      else
        await store.postponeDeletion(
          due.messageRef,
          now + FIRST_RETRY_MS * 2 ** (due.attempts - 1),
        );
    } catch (error) {
      const pause = pauseAfter(due.attempts, error, FIRST_RETRY_MS);
      onFailure(error, due, pause === null);
      if (pause === null) await store.dropDeletion(due.messageRef);
      else await store.postponeDeletion(due.messageRef, now + pause);
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

export type Deletions = ReturnType<typeof createDeletions>;
