import { beforeEach, describe, expect, it } from 'vitest';
import { ANA, HOUR, START } from '../../support/fixtures.ts';
import { KEEPER, store } from './stage.ts';

/** What staff are asked before it is done. */
export function describeConfirmationStore(): void {
  describe('a question', () => {
    const question = {
      id: 'q',
      userId: KEEPER,
      act: { do: 'it', n: 1 },
      expiresAt: START + HOUR,
    };

    beforeEach(() => store.saveConfirmation(question));

    it('is answered once, with what was asked', async () => {
      expect(await store.takeConfirmation('q', KEEPER, START)).toEqual(question.act);
      expect(await store.takeConfirmation('q', KEEPER, START)).toBeNull();
    });

    it('is answered once when two answer at once', async () => {
      const both = await Promise.all([
        store.takeConfirmation('q', KEEPER, START),
        store.takeConfirmation('q', KEEPER, START),
      ]);
      expect(both.filter((act) => act !== null)).toHaveLength(1);
    });

    it('is not answered by another, and waits for who was asked', async () => {
      expect(await store.takeConfirmation('q', ANA, START)).toBeNull();
      expect(await store.takeConfirmation('another', KEEPER, START)).toBeNull();
      expect(await store.takeConfirmation('q', KEEPER, START)).toEqual(question.act);
    });

    it('is answered until the millisecond before its end', async () => {
      await store.saveConfirmation({ ...question, id: 'r' });
      expect(await store.takeConfirmation('r', KEEPER, START + HOUR - 1)).toEqual(question.act);
      expect(await store.takeConfirmation('q', KEEPER, START + HOUR)).toBeNull();
    });
  });
}
