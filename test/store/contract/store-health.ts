import { describe, expect, it } from 'vitest';
import { add, reopen, store } from './stage.ts';

/** Whether the database is there. */
export function describeStoreHealth(): void {
  describe('the store', () => {
    it('can be written', async () => {
      await add();
      expect(await store.isWritable()).toBe(true);
    });

    it('answers a ping until it is closed', async () => {
      await store.ping();
      await store.close();
      await expect(store.ping()).rejects.toBeInstanceOf(Error);
      await reopen();
    });
  });
}
