import { v7 as uuidv7 } from 'uuid';
import type { Random } from '../sessions/token.ts';
import type { Store } from '../store.ts';
import type { Clock } from '../time.ts';
import { createQueueWorker } from './queue.ts';
import type { Batch } from './store.ts';

/**
 * Brings a batch to its recipient; `undeliverable` where no other attempt will, `obsolete` where there is
 * nothing left to tell.
 * @throws where another attempt may help; AppError with `retryAfterMs` where it is known when
 */
export type SendBatch = (batch: Batch) => Promise<'sent' | 'undeliverable' | 'obsolete'>;

export interface OutboxRelayDeps {
  readonly store: Pick<Store, 'takeBatch' | 'dropBatch' | 'postponeBatch' | 'saveDmStatus'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly send: SendBatch;
  readonly onFailure: (error: unknown, batch: Batch, givenUp: boolean) => void;
}

const FIRST_RETRY_MS = 5_000;

/** Sends what is owed, with growing pauses; what does not arrive within a day is given up. */
export function createOutboxRelay({ store, clock, random, send, onFailure }: OutboxRelayDeps) {
  return createQueueWorker({
    clock,
    firstRetryMs: FIRST_RETRY_MS,
    take: (now, again) => store.takeBatch(now, again, uuidv7({ msecs: now, random: random(16) })),
    async work(batch, now) {
      const outcome = await send(batch);
      if (outcome === 'undeliverable') onFailure(new Error('it can never arrive'), batch, true);
      if (batch.recipient !== null && outcome !== 'obsolete') {
        await store.saveDmStatus(batch.recipient, outcome === 'undeliverable' ? now : null);
      }
      return true;
    },
    drop: ({ id }) => store.dropBatch(id),
    postpone: ({ id }, until) => store.postponeBatch(id, until),
    onFailure,
  });
}

export type OutboxRelay = ReturnType<typeof createOutboxRelay>;
