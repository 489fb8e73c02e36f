import { describe, expect, it } from 'vitest';
import { ANA, BEN, DAY, START } from '../../../support/fixtures.ts';
import { add, addLogin, ban, endOne, ids, known, newLogin, page, store } from '../stage.ts';

/** Logins, and what Discord says at one. */
export function describeLoginStore(): void {
  describe('storing a login', () => {
    it('keeps the session and all that Discord said', async () => {
      expect(await store.findAuthorization(ANA)).toBeNull();
      const fresh = newLogin();
      expect(await addLogin(fresh)).toEqual({ is: 'stored' });
      expect(await store.findLive(ANA, fresh.session.id, START)).toEqual(fresh.session);
      expect(await store.findAuthorization(ANA)).toEqual(known());
      expect(await store.findAuthorization(BEN)).toBeNull();
      expect(await store.findAccount(ANA)).toMatchObject({ userId: ANA, ban: null });
    });

    it('keeps what Discord said last', async () => {
      await addLogin(newLogin());
      await addLogin(newLogin(START + 1), known('anabel', START + 1));
      expect(await store.findAuthorization(ANA)).toEqual(known('anabel', START + 1));
    });

    it('refuses a banned account, and keeps nothing of what Discord said', async () => {
      await ban();
      const fresh = newLogin();
      expect(await addLogin(fresh)).toEqual({ is: 'banned' });
      expect(await store.findByToken(fresh.tokenHash)).toBeNull();
      expect(await store.findAuthorization(ANA)).toBeNull();
    });

    it('ends the oldest logins beyond the limit, of both types, and nothing else', async () => {
      const api = await add();
      const [first, second, third] = [
        newLogin(START + 1, 'app_login'),
        newLogin(START + 2),
        newLogin(START + 3, 'app_login'),
      ];
      for (const fresh of [first, second, third]) await addLogin(fresh, known(), 3);
      expect((await page()).total).toBe(4);
      const fourth = newLogin(START + 4);
      await addLogin(fourth, known(), 2);
      const live = [fourth, third].map(({ session }) => session.id);
      expect(ids((await page()).sessions)).toEqual([...live, api.id]);
      for (const { tokenHash } of [first, second]) {
        expect(await store.findByToken(tokenHash)).toMatchObject({ endReason: 'displaced' });
      }
    });

    it('does not count logins that ended or expired', async () => {
      const [one, two, three] = [newLogin(START), newLogin(START + 1), newLogin(START + DAY)];
      await addLogin(one, known(), 2);
      await addLogin(two, known(), 2);
      await endOne(two.session, START + 2);
      await addLogin(three, known(), 2);
      expect(await store.findByToken(one.tokenHash)).toMatchObject({ endReason: null });
      expect(await store.findByToken(two.tokenHash)).toMatchObject({ endReason: 'revoked' });
    });

    it('never stores the same token twice, nor then what Discord said', async () => {
      const fresh = newLogin();
      await addLogin(fresh);
      const again = { ...newLogin(START + 1), tokenHash: fresh.tokenHash };
      await expect(addLogin(again, known('other'))).rejects.toBeInstanceOf(Error);
      expect(await store.findAuthorization(ANA)).toEqual(known());
      expect((await page()).total).toBe(1);
    });
  });
}
