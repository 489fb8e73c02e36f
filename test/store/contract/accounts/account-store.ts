import { describe, expect, it } from 'vitest';
import type { Ban, BanSource } from '../../../../src/core/accounts/account.ts';
import { FOREVER } from '../../../../src/core/sessions/store.ts';
import { ANA, banBy, BEN, DAY, HOUR, newSession, START } from '../../../support/fixtures.ts';
import {
  act,
  actions,
  add,
  addLogin,
  check,
  CY,
  endOne,
  events,
  fromServer,
  KEEPER,
  LIMIT,
  newLogin,
  since,
  staff,
  store,
  system,
} from '../stage.ts';

/** Accounts, their bans, and how many there are. */
export function describeAccountStore(): void {
  describe('an account', () => {
    it('does not exist before its first session or ban', async () => {
      expect(await store.findAccount(ANA)).toBeNull();
      await add();
      expect(await store.findAccount(ANA)).toMatchObject({ userId: ANA, ban: null });
    });

    it('can be banned before it has a session', async () => {
      await store.ban(staff(), BEN, banBy(staff(), 'spam'), false);
      expect(await store.findAccount(BEN)).toMatchObject({
        userId: BEN,
        ban: { reason: 'spam' },
      });
    });

    it('keeps its state when the other account changes', async () => {
      await add();
      await store.ban(staff(), BEN, banBy(staff()), false);
      expect(await store.findAccount(ANA)).toMatchObject({ userId: ANA, ban: null });
    });
  });

  describe('a ban', () => {
    it('is kept with its source, its end, its reason and who made it', async () => {
      await add();
      const ban: Ban = {
        source: 'staff',
        at: START + 1,
        until: START + HOUR,
        by: KEEPER,
        reason: 'spam 🗝',
        isReasonTold: false,
      };
      expect(await store.ban(staff(START + 1), ANA, ban, false)).toBe(0);
      expect(await store.findAccount(ANA)).toEqual({
        userId: ANA,
        createdAt: START,
        ban,
        bannedInServer: false,
        serverBanWaived: false,
        look: null,
      });
      expect((await events()).at(-1)).toMatchObject({
        action: 'account.banned',
        at: START + 1,
        actorKind: 'staff',
        actorId: KEEPER,
        userId: ANA,
        detail: { source: 'staff', reason: 'spam 🗝', until: START + HOUR, ended: 0 },
      });
    });

    it('makes the account where there is none', async () => {
      expect(await store.ban(system(), BEN, fromServer(), true)).toBe(0);
      expect(await store.findAccount(BEN)).toEqual({
        userId: BEN,
        createdAt: START,
        ban: fromServer(),
        bannedInServer: true,
        serverBanWaived: false,
        look: null,
      });
    });

    it('for some time gives way at its end to the one of the server behind it', async () => {
      await add();
      await store.ban(staff(), ANA, { ...banBy(staff()), until: START + HOUR }, false);
      await store.ban(system(), ANA, fromServer(START + 1), false);
      await store.liftExpiredBans(system(START + HOUR), 100);
      expect(await store.findAccount(ANA)).toMatchObject({
        ban: { source: 'server', until: null },
      });
    });

    it('of the server that staff lifted is waived until the server lifts it too', async () => {
      await add();
      await store.ban(system(), ANA, fromServer(), false);
      await store.unban(staff(), ANA, null, null);
      expect(await store.findAccount(ANA)).toMatchObject({ serverBanWaived: true });
      expect(await store.bannedByServer()).toEqual([ANA]);
      await store.unban(system(), ANA, null, 'server');
      expect(await store.findAccount(ANA)).toMatchObject({ serverBanWaived: false });
      expect(await store.bannedByServer()).toEqual([]);
    });

    it("of staff takes the place of the server's, which never takes theirs", async () => {
      await store.ban(system(), ANA, fromServer(), false);
      expect(await store.ban(staff(START + 1), ANA, banBy(staff(START + 1)), false)).toBe(0);
      const before = await events();
      expect(await store.ban(system(), ANA, fromServer(START + 2), true)).toBeNull();
      expect(await store.findAccount(ANA)).toMatchObject({ ban: { source: 'staff' } });
      expect(await since(before)).toEqual([]);
    });

    it('of staff can be made again, with another end and reason', async () => {
      await store.ban(staff(), ANA, { ...banBy(staff(), 'one'), until: START + HOUR }, false);
      await store.ban(staff(START + 1), ANA, banBy(staff(START + 1), 'two'), false);
      expect(await store.findAccount(ANA)).toMatchObject({
        ban: { at: START + 1, until: null, reason: 'two' },
      });
    });

    it('of the server that is there already changes nothing, sessions neither', async () => {
      const session = await add();
      await store.ban(system(), ANA, fromServer(), false);
      const before = await events();
      expect(await store.ban(system(START + 1), ANA, fromServer(START + 1), true)).toBeNull();
      expect(await store.findAccount(ANA)).toMatchObject({ ban: { at: START } });
      expect(await check(session)).toMatchObject({ endReason: null });
      expect(await since(before)).toEqual([]);
    });

    it("ends the account's live sessions if asked to, and counts them", async () => {
      const [one, two] = [await add(), await add({ type: 'login' })];
      const theirs = await add({ userId: BEN });
      await add({ expiresAt: START + HOUR });
      const before = await events();
      const by = staff(START + HOUR);
      expect(await store.ban(by, ANA, banBy(by), true)).toBe(2);
      for (const session of [one, two]) {
        expect(await check(session)).toMatchObject({
          endReason: 'banned',
          bannedUntil: FOREVER,
        });
      }
      expect(await check(theirs)).toMatchObject({ endReason: null, bannedUntil: null });
      expect(actions(await since(before))).toEqual([
        'session.ended',
        'session.ended',
        'sessions.ended',
        'account.banned',
      ]);
      expect((await events()).at(-1)?.detail).toMatchObject({ ended: 2 });
    });

    it('leaves the sessions as they are if not asked to', async () => {
      const session = await add();
      await store.ban(staff(), ANA, banBy(staff()), false);
      expect(await store.findLive(ANA, session.id, START)).toEqual(session);
    });

    it('is shown to a token check with its end, over or not', async () => {
      const session = await add();
      const ban = { ...banBy(staff()), until: START + HOUR };
      await store.ban(staff(), ANA, ban, false);
      expect(await check(session)).toMatchObject({ bannedUntil: START + HOUR });
    });

    it('of who is banned already takes the place of the first', async () => {
      const session = await add();
      await store.ban(staff(), ANA, { ...banBy(staff()), until: START + HOUR }, false);
      await store.ban(staff(), ANA, { ...banBy(staff()), until: START + DAY }, false);
      expect(await check(session)).toMatchObject({ bannedUntil: START + DAY });
      await store.unban(staff(), ANA, null, null);
      expect(await check(session)).toMatchObject({ bannedUntil: null });
    });

    it('refuses new sessions until the millisecond before its end', async () => {
      await store.ban(staff(), ANA, { ...banBy(staff()), until: START + HOUR }, false);
      expect(await store.checkCreation(ANA, LIMIT, START + HOUR - 1)).toEqual({ is: 'banned' });
      const early = newSession({ createdAt: START + HOUR - 1 });
      expect(await store.add(act(START + HOUR - 1), early, LIMIT)).toEqual({ is: 'banned' });
      expect(await addLogin(newLogin(START + HOUR - 1))).toEqual({ is: 'banned' });
      expect(await store.checkCreation(ANA, LIMIT, START + HOUR)).toEqual({ is: 'stored' });
      await add({ createdAt: START + HOUR });
    });
  });

  describe('an unban', () => {
    it.each<[BanSource, BanSource | null, boolean]>([
      ['staff', null, true],
      ['server', null, true],
      ['staff', 'staff', true],
      ['server', 'server', true],
      ['staff', 'server', false],
    ])('of a ban by %s, where %s is named, tells %s', async (source, named, lifts) => {
      const session = await add();
      await store.ban(staff(), ANA, { ...banBy(staff()), source }, false);
      const before = await events();
      expect(await store.unban(staff(START + 1), ANA, 'sorry', named)).toBe(lifts);
      const account = await store.findAccount(ANA);
      expect(account?.ban === null).toBe(lifts);
      expect((await check(session))?.bannedUntil).toBe(lifts ? null : FOREVER);
      expect(await since(before)).toMatchObject(
        lifts ? [{ action: 'account.unbanned', detail: { source, reason: 'sorry' } }] : [],
      );
    });

    it('of who is not banned, or not known, changes nothing', async () => {
      await add();
      const before = await events();
      expect(await store.unban(staff(), ANA, null, null)).toBe(false);
      expect(await store.unban(staff(), BEN, null, null)).toBe(false);
      expect(await store.findAccount(BEN)).toBeNull();
      expect(await since(before)).toEqual([]);
    });

    it('leaves nothing of the ban, and happens once', async () => {
      await store.ban(staff(), ANA, { ...banBy(staff(), 'spam'), until: START + DAY }, false);
      const both = await Promise.all([
        store.unban(staff(), ANA, null, null),
        store.unban(staff(), ANA, null, null),
      ]);
      expect(both.filter(Boolean)).toHaveLength(1);
      expect(await store.findAccount(ANA)).toEqual({
        userId: ANA,
        createdAt: START,
        ban: null,
        bannedInServer: false,
        serverBanWaived: false,
        look: null,
      });
    });
  });

  describe('bans whose time is over', () => {
    it('are lifted at their end and not before, each with an event', async () => {
      for (const [userId, until] of [
        [ANA, START + HOUR],
        [BEN, START + HOUR + 1],
        [CY, null],
      ] as const) {
        await store.ban(staff(), userId, { ...banBy(staff()), until }, false);
      }
      expect(await store.liftExpiredBans(system(START + HOUR - 1), 100)).toBe(0);
      const before = await events();
      expect(await store.liftExpiredBans(system(START + HOUR), 100)).toBe(1);
      expect(await store.liftExpiredBans(system(START + HOUR), 100)).toBe(0);
      expect(await store.findAccount(ANA)).toMatchObject({ ban: null });
      expect(await store.findAccount(BEN)).not.toMatchObject({ ban: null });
      expect(await store.findAccount(CY)).not.toMatchObject({ ban: null });
      expect(await since(before)).toMatchObject([
        { action: 'account.unbanned', actorKind: 'system', userId: ANA, at: START + HOUR },
      ]);
    });

    it('are lifted in slices until there are none', async () => {
      for (let index = 0; index < 120; index += 1) {
        const ban = { ...banBy(staff()), until: START + 1 };
        await store.ban(staff(), `${ANA}${index}`, ban, false);
      }
      const counts: number[] = [];
      do counts.push(await store.liftExpiredBans(system(START + 1), 100));
      while (counts.at(-1) !== 0);
      expect(counts.reduce((sum, each) => sum + each, 0)).toBe(120);
    });
  });

  describe('the account store', () => {
    it('knows whom the server banned, and nobody else', async () => {
      expect(await store.bannedByServer()).toEqual([]);
      await add({ userId: CY });
      await store.ban(system(), ANA, fromServer(), false);
      await store.ban(staff(), BEN, banBy(staff()), false);
      expect(await store.bannedByServer()).toEqual([ANA]);
      // Theirs takes its place, and hides it only.
      await store.ban(staff(), ANA, banBy(staff()), false);
      expect(await store.bannedByServer()).toEqual([ANA]);
      await store.unban(staff(), ANA, null, 'server');
      expect(await store.bannedByServer()).toEqual([]);
    });

    it('counts accounts, bans, live sessions, and what was made and used since', async () => {
      expect(await store.stats(START, START - DAY)).toEqual({
        accounts: 0,
        banned: 0,
        live: { login: 0, app_login: 0, api: 0 },
        made: 0,
        used: 0,
      });
      const now = START + 2 * DAY;
      const long = { expiresAt: START + 9 * DAY };
      const old = await add(long);
      const usedBefore = await add(long);
      const fresh = await add({ ...long, createdAt: now - DAY, userId: BEN });
      const revoked = await add({ ...long, createdAt: now - DAY, userId: BEN });
      await endOne(revoked, now);
      await add({ type: 'app_login', createdAt: now - 1, userId: BEN });
      await add({ expiresAt: now });
      await store.ban(staff(), CY, banBy(staff()), false);
      await store.touch(system(), [
        [old.id, now - DAY],
        [usedBefore.id, now - DAY - 1],
        [fresh.id, now],
        [revoked.id, now],
      ]);
      expect(await store.stats(now, now - DAY)).toEqual({
        accounts: 3,
        banned: 1,
        live: { login: 0, app_login: 1, api: 3 },
        made: 2,
        used: 2,
      });
    });

    it('counts live sessions, some members at a time', async () => {
      const none = { login: 0, app_login: 0, api: 0 };
      expect(await store.totalLive(START, null, 2)).toEqual({ live: none, last: null });
      const gone = await add({ userId: ANA });
      await endOne(gone, START);
      await add({ userId: ANA });
      await add({ userId: ANA, type: 'login' });
      await add({ userId: BEN, expiresAt: START + 1 });
      await add({ userId: CY, type: 'app_login' });
      await add({ userId: CY });
      const now = START + 1;
      const first = await store.totalLive(now, null, 2);
      expect(first).toEqual({ live: { login: 1, app_login: 0, api: 1 }, last: BEN });
      const rest = { live: { login: 0, app_login: 1, api: 1 }, last: null };
      expect(await store.totalLive(now, BEN, 2)).toEqual(rest);
      expect(await store.totalLive(now, BEN, 1)).toEqual({ ...rest, last: CY });
      expect(await store.totalLive(now, CY, 1)).toEqual({ live: none, last: null });
    });
  });
}
