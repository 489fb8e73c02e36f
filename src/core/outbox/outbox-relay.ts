import { v7 as uuidv7 } from 'uuid';
import type { Random } from '../sessions/token.ts';
import type { Store } from '../store.ts';
import type { Clock } from '../time.ts';
import { pauseAfter } from './retries.ts';
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

const AT_ONCE = 10;
const FIRST_RETRY_MS = 5_000;

/** Sends what is owed, with growing pauses; what does not arrive within a day is given up. */
export function createOutboxRelay({
  store,
  clock,
  random,
  send: post,
  onFailure,
}: OutboxRelayDeps) {
  async function sendOne(): Promise<boolean> {
    const now = clock();
    const id = uuidv7({ msecs: now, random: random(16) });
    const batch = await store.takeBatch(now, now + FIRST_RETRY_MS, id);
    if (batch === null) return false;
    try {
      const outcome = await post(batch);
      if (outcome === 'undeliverable') onFailure(new Error('it can never arrive'), batch, true);
      if (batch.recipient !== null && outcome !== 'obsolete') {
        await store.saveDmStatus(batch.recipient, outcome === 'undeliverable' ? now : null);
      }
      await store.dropBatch(batch.id);
    } catch (error) {
      const pause = pauseAfter(batch.attempts, error, FIRST_RETRY_MS);
      onFailure(error, batch, pause === null);
      if (pause === null) await store.dropBatch(batch.id);
      else await store.postponeBatch(batch.id, now + pause);
    }
    return true;
  }

  return {
    /** Delivers what is due, a few messages at a time. */
    async run(): Promise<void> {
      for (let count = 0; count < AT_ONCE; count += 1) {
        if (!(await sendOne())) return;
      }
    },
  };
}

export type OutboxRelay = ReturnType<typeof createOutboxRelay>;
