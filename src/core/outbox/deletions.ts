import type { Clock } from '../time.ts';
import { readPending, type Retract } from '../tokens/delivery.ts';
import { createQueueWorker } from './queue.ts';
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

  return createQueueWorker({
    clock,
    firstRetryMs: FIRST_RETRY_MS,
    take: (now, again) => store.takeDeletion(now, again),
    work: settle,
    drop: ({ messageRef }) => store.dropDeletion(messageRef),
    postpone: ({ messageRef }, until) => store.postponeDeletion(messageRef, until),
    onFailure,
  });
}

export type Deletions = ReturnType<typeof createDeletions>;
