import { describe, expect, it } from 'vitest';
import { ANA, HOUR, idAt, START } from '../../../support/fixtures.ts';
import { add, owedToMembers, rotate, row, store, summary, system, times, touch } from '../stage.ts';

/** What tokens are used for, as far as it is written down. */
export function describeUseStore(): void {
  describe('a use', () => {
    it('moves the last use forward, never back', async () => {
      const session = await add();
      const lastUse = async () =>
        (await store.findLive(ANA, session.id, START))?.lastUsedAt ?? null;
      await store.touch(system(), [[session.id, START + 5]]);
      expect(await lastUse()).toBe(START + 5);
      await store.touch(system(), [[session.id, START + 4]]);
      expect(await lastUse()).toBe(START + 5);
      await store.touch(system(), [
        [idAt(START), START + 9],
        [session.id, START + 6],
      ]);
      expect(await lastUse()).toBe(START + 6);
      await store.touch(system(), []);
    });

    it('that is the first of an API token is told its owner, once', async () => {
      const session = await add();
      await touch(session, START + 5);
      await touch(session, START + 6);
      await store.touch(system(), [
        [session.id, START + 7],
        [session.id, START + 4],
      ]);
      expect((await row(session))?.lastUsedAt).toBe(START + 7);
      expect(summary(await owedToMembers())).toEqual([['token.first_used', [session.id]]]);
    });

    it('of a login is not told', async () => {
      const session = await add({ type: 'login', name: null });
      await touch(session, START + 5);
      expect((await row(session))?.lastUsedAt).toBe(START + 5);
      expect(await times('token.first_used')).toBe(0);
    });

    it('of a token that was replaced, after its grace, is told its owner, once', async () => {
      const old = await add();
      await rotate(old);
      await store.warnOfReuse(system(START + 2 * HOUR), [old.id, idAt(START), old.id]);
      await store.warnOfReuse(system(START + 3 * HOUR), [old.id]);
      const batches = await owedToMembers();
      expect(summary(batches)).toEqual([['token.reused', [old.id]]]);
      expect(batches[0]?.events[0]).toMatchObject({
        at: START + 2 * HOUR,
        detail: { hint: old.hint },
      });
      expect(await times('token.reused')).toBe(1);
    });
  });
}
