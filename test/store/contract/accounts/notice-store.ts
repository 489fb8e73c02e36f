import { describe, expect, it } from 'vitest';
import { ALL_NOTICES, NOTICES } from '../../../../src/core/accounts/notice.ts';
import { hashToken } from '../../../../src/core/sessions/token.ts';
import { ANA, BEN, DAY, forget, START } from '../../../support/fixtures.ts';
import {
  act,
  add,
  addLogin,
  addTogether,
  newLogin,
  owedToMembers,
  store,
  summary,
  system,
  touch,
} from '../stage.ts';

/** Which messages members want. */
export function describeNoticeStore(): void {
  describe('what a member wants to hear', () => {
    it('is everything at first, of who is not known too', async () => {
      expect(await store.findNotices(ANA)).toEqual(ALL_NOTICES);
      await add();
      expect(await store.findNotices(ANA)).toEqual(ALL_NOTICES);
    });

    it('is what was chosen last, each by itself and each member’s own', async () => {
      for (const notice of NOTICES) {
        await store.saveNotice(ANA, notice, false);
        expect(await store.findNotices(ANA)).toMatchObject({ [notice]: false });
      }
      await store.saveNotice(ANA, 'login', true);
      const none = { expiry: false, firstUse: false, rotation: false, deletion: false };
      expect(await store.findNotices(ANA)).toEqual({ ...ALL_NOTICES, ...none, login: true });
      expect(await store.findNotices(BEN)).toEqual(ALL_NOTICES);
    });

    it('opens no account, so that a ban in the server is still looked for', async () => {
      await store.saveNotice(ANA, 'login', false);
      expect(await store.findAccount(ANA)).toBeNull();
      expect((await store.findNotices(ANA)).login).toBe(false);
      await forget(store, act(), ANA);
      expect(await store.findNotices(ANA)).toEqual(ALL_NOTICES);
    });

    it('decides what is owed, but for warnings', async () => {
      const old = await add({ expiresAt: START + 90 * DAY });
      for (const notice of NOTICES) await store.saveNotice(ANA, notice, false);
      await touch(old, START + 1);
      await addLogin(newLogin());
      await store.remind(system(START + 76 * DAY), 10);
      await store.warnOfReuse(system(), [old.id]);
      await store.endFound(act(START, BEN), [hashToken(old.id)], {
        as: 'reported',
        channelId: null,
      });
      expect((await owedToMembers()).map(({ events }) => events[0]?.action)).toEqual([
        'token.reused',
        'token.reported',
      ]);
    });

    it.each(['firstUse', 'login', 'expiry'] as const)(
      'leaves the others where it is all but %s',
      async (off) => {
        const session = await add({ expiresAt: START + 90 * DAY });
        await store.saveNotice(ANA, off, false);
        await touch(session, START + 1);
        await addLogin(newLogin());
        await store.remind(system(START + 76 * DAY), 10);
        const told = {
          firstUse: 'token.first_used',
          login: 'session.created',
          expiry: 'token.expiring',
        };
        const { [off]: _, ...left } = told;
        const actions = (await owedToMembers()).map(({ events }) => events[0]?.action);
        expect(new Set(actions)).toEqual(new Set(Object.values(left)));
      },
    );

    it('is not sent while Discord refuses it, but for warnings, and is sent again then', async () => {
      const [one, two] = await addTogether(2);
      await store.saveDmStatus(ANA, START);
      expect(await store.findNotices(ANA)).toEqual({ ...ALL_NOTICES, refusedAt: START });
      await touch(one!, START + 1);
      await store.warnOfReuse(system(), [one!.id]);
      expect(summary(await owedToMembers())).toEqual([['token.reused', [one!.id]]]);
      await store.saveDmStatus(ANA, null);
      expect(await store.findNotices(ANA)).toEqual(ALL_NOTICES);
      await touch(two!, START + 1);
      expect(summary(await owedToMembers())).toEqual([['token.first_used', [two!.id]]]);
    });

    it('keeps its choices whatever Discord refuses', async () => {
      await add();
      await store.saveNotice(ANA, 'expiry', false);
      await store.saveDmStatus(ANA, START);
      await store.saveNotice(ANA, 'login', false);
      const chosen = { ...ALL_NOTICES, expiry: false, login: false };
      expect(await store.findNotices(ANA)).toEqual({ ...chosen, refusedAt: START });
      await store.saveDmStatus(ANA, START + 1);
      await store.saveDmStatus(ANA, null);
      expect(await store.findNotices(ANA)).toEqual(chosen);
    });

    it('is everything still where Discord refuses a message to somebody without an account', async () => {
      await store.saveDmStatus(ANA, START);
      expect(await store.findAccount(ANA)).toBeNull();
      expect(await store.findNotices(ANA)).toEqual(ALL_NOTICES);
    });
  });
}
