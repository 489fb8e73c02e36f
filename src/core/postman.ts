import { v7 as uuidv7 } from 'uuid';
import type { Batch, Clock, Store } from './ports.ts';
import type { Random } from './token.ts';

/**
 * Brings a batch to its recipient; `hopeless` where no other attempt will, `pointless` where there is
 * nothing left to tell.
 * @throws where another attempt may help
 */
export type Post = (batch: Batch) => Promise<'posted' | 'hopeless' | 'pointless'>;

export interface PostmanDeps {
  readonly store: Pick<Store, 'takeBatch' | 'dropBatch' | 'postponeBatch' | 'saveReach'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly post: Post;
  readonly onFailure: (error: unknown, batch: Batch, givenUp: boolean) => void;
}

const AT_ONCE = 10;
const FIRST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 3_600_000;
const ATTEMPTS = 12;

/** Sends what is owed, with growing pauses; after {@link ATTEMPTS} attempts it is given up. */
export function createPostman({ store, clock, random, post, onFailure }: PostmanDeps) {
  async function deliverOne(): Promise<boolean> {
    const now = clock();
    const id = uuidv7({ msecs: now, random: random(16) });
    const batch = await store.takeBatch(now, now + FIRST_RETRY_MS, id);
    if (batch === null) return false;
    try {
      const outcome = await post(batch);
      if (outcome === 'hopeless') onFailure(new Error('it can never arrive'), batch, true);
      if (batch.recipient !== null && outcome !== 'pointless') {
        await store.saveReach(batch.recipient, outcome === 'hopeless' ? now : null);
      }
      await store.dropBatch(batch.id);
    } catch (error) {
      const { attempts } = batch;
      const givenUp = attempts >= ATTEMPTS;
      onFailure(error, batch, givenUp);
      const wait = Math.min(FIRST_RETRY_MS * 2 ** (attempts - 1), LONGEST_RETRY_MS);
      if (givenUp) await store.dropBatch(batch.id);
      else await store.postponeBatch(batch.id, now + wait);
    }
    return true;
  }

  return {
    /** Delivers what is due, a few messages at a time. */
    async deliver(): Promise<void> {
      for (let count = 0; count < AT_ONCE; count += 1) {
        if (!(await deliverOne())) return;
      }
    },
  };
}
