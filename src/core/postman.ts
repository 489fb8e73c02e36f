import { v7 as uuidv7 } from 'uuid';
import type { Batch, Clock, OutboxStore } from './ports.ts';
import type { Random } from './token.ts';

/**
 * Delivers a batch, once: `again` says that an attempt may have succeeded already.
 * @returns false where it never will arrive. @throws where another attempt may help
 */
export type Post = (batch: Batch) => Promise<boolean>;

export interface PostmanDeps {
  readonly store: OutboxStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly post: Post;
  readonly onFailure: (error: unknown, attempts: number) => void;
}

const AT_ONCE = 10;
const FIRST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 3_600_000;
const ATTEMPTS = 12;

/** Brings what is owed to Discord. What was written down with an act arrives, whatever fails between. */
export function createPostman({ store, clock, random, post, onFailure }: PostmanDeps) {
  async function deliverOne(): Promise<boolean> {
    const now = clock();
    const id = uuidv7({ msecs: now, random: random(16) });
    const batch = await store.takeBatch(now, now + FIRST_RETRY_MS, id);
    if (batch === null) return false;
    try {
      await post(batch);
      await store.dropBatch(batch.id);
    } catch (error) {
      const { attempts } = batch;
      onFailure(error, attempts);
      const wait = Math.min(FIRST_RETRY_MS * 2 ** (attempts - 1), LONGEST_RETRY_MS);
      if (attempts >= ATTEMPTS) await store.dropBatch(batch.id);
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
