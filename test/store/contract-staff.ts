import { beforeEach, describe, expect, it } from 'vitest';
import type { Ban, BanSource } from '../../src/core/accounts/account.ts';
import type { KnownAuthorization } from '../../src/core/accounts/authorization.ts';
import { ALL_NOTICES } from '../../src/core/accounts/notice.ts';
import type { Act, AuditRow } from '../../src/core/audit/audit.ts';
import type { AuditQuery } from '../../src/core/audit/store.ts';
import type { Session } from '../../src/core/sessions/session.ts';
import { FOREVER, type InventoryQuery } from '../../src/core/sessions/store.ts';
import { hashToken } from '../../src/core/sessions/token.ts';
import type { Store } from '../../src/core/store.ts';
import {
  ANA,
  atMost,
  banBy,
  BEN,
  DAY,
  everythingOf,
  forget,
  HOUR,
  member,
  newSession,
  SECOND,
  STAFF,
  START,
} from '../support/fixtures.ts';

const LIMIT = atMost(1_000);
const CY = '100000000000000003';
const KEEPER = '900000000000000009';
const CHANNEL = '500000000000000005';
const EVERYTHING: AuditQuery = { limit: 1_000 };

const by = (userId = ANA, at = START): Act => ({ actor: member(userId), at });
const staff = (at = START): Act => ({ actor: STAFF, at });
const system = (at = START): Act => ({ actor: { kind: 'system' }, at });

const ids = (sessions: readonly { readonly id: string }[]) => sessions.map(({ id }) => id);
const actions = (rows: readonly AuditRow[]) => rows.map(({ action }) => action);

const fromServer = (at = START): Ban => ({
  source: 'server',
  at,
  until: null,
  by: null,
  reason: null,
  isReasonTold: false,
});

const known: KnownAuthorization = {
  user: { id: ANA, username: 'ana' },
  scopes: ['identify'],
  expiresAt: START + DAY,
  checkedAt: START,
};

/** What every store has to do for the staff, and behind their back. */
export function describeStaffStore(name: string, open: () => Promise<Store>): void {
  describe(`the store over ${name}, for staff`, () => {
    let store: Store;

    beforeEach(async () => {
      store = await open();
      return () => store.close();
    });

    async function add(overrides: Partial<Session> = {}): Promise<Session> {
      const fresh = newSession(overrides);
      const { createdAt, userId } = fresh.session;
      expect(await store.add(by(userId, createdAt), fresh, LIMIT)).toEqual({ is: 'stored' });
      return fresh.session;
    }

    const check = (session: Session) => store.findByToken(hashToken(session.id));
    /** Returns how many sessions ended. */
    async function report(session: Session, act = by(BEN, START + HOUR)): Promise<number> {
      const before = await events();
      await store.endFound(act, [hashToken(session.id)], { as: 'reported', channelId: CHANNEL });
      return (await since(before)).filter(({ action }) => action === 'session.ended').length;
    }
    const events = async (query: Partial<AuditQuery> = {}) =>
      (await store.audit({ ...EVERYTHING, ...query })).toReversed();

    /** What happened since `before`, in order. */
    async function since(before: readonly AuditRow[]) {
      return (await events()).slice(before.length);
    }

    let taken = 0;

    const take = (now: number, again = now + 5 * SECOND) => {
      taken += 1;
      return store.takeBatch(now, again, `batch ${taken}`);
    };

    /** Every message that is owed, and the actions in it. */
    async function owed(now = START + 1_000 * DAY): Promise<[string | null, string[]][]> {
      const all: [string | null, string[]][] = [];
      for (;;) {
        const batch = await take(now);
        if (batch === null) return all;
        all.push([batch.recipient, actions(batch.events)]);
        await store.dropBatch(batch.id);
      }
    }

    const lookAt = async (query: Partial<InventoryQuery> = {}) =>
      ids(await store.inventory({ now: START + HOUR, limit: 100, ...query }));

    const times = async (query: Partial<AuditQuery> = {}) =>
      (await store.audit({ ...EVERYTHING, ...query })).map(({ at }) => (at - START) / HOUR);

    async function liveThrough(userId: string): Promise<Session> {
      const root = await add({ userId });
      await add({ userId, parentId: root.id });
      const login = newSession({ userId, type: 'login', name: null, createdAt: START + 2 });
      await store.addLogin(by(userId, START + 2), login, known, 50);
      await store.saveConfirmation({
        id: `question of ${userId}`,
        userId,
        act: { do: 'revoke-all', userId: CY },
        expiresAt: START + DAY,
      });
      await report(root, by(CY));
      return root;
    }

    const exported = (userId: string, at = START) =>
      store.record({ actor: STAFF, at, userId, action: 'sessions.exported' });

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
        const act = staff(START + HOUR);
        expect(await store.ban(act, ANA, banBy(act), true)).toBe(2);
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
        expect(await store.add(by(ANA, START + HOUR - 1), early, LIMIT)).toEqual({ is: 'banned' });
        const login = newSession({ type: 'login', createdAt: START + HOUR - 1 });
        expect(await store.addLogin(by(ANA, START + HOUR - 1), login, known, 50)).toEqual({
          is: 'banned',
        });
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

    describe('a report of a token', () => {
      it('ends the session and all that it made, and says so to staff and owner', async () => {
        const root = await add();
        const child = await add({ parentId: root.id });
        const grandchild = await add({ parentId: child.id });
        const other = await add();
        await owed();
        const before = await events();
        expect(await report(root)).toBe(3);
        for (const session of [root, child, grandchild]) {
          expect(await check(session)).toMatchObject({ endReason: 'leaked' });
        }
        expect(await check(other)).toMatchObject({ endReason: null });
        const rows = await since(before);
        expect(actions(rows).toSorted()).toEqual([
          'session.ended',
          'session.ended',
          'session.ended',
          'sessions.ended',
          'token.reported',
        ]);
        expect(rows.at(-1)).toMatchObject({
          actorId: BEN,
          userId: ANA,
          sessionId: root.id,
          detail: { hint: 'Zz09', ended: 3, channelId: CHANNEL },
        });
        expect(await owed()).toEqual([
          [null, ['token.reported']],
          [ANA, ['token.reported']],
        ]);
      });

      it('says who ended it, when and why in the row itself', async () => {
        const session = await add();
        await report(session);
        const sessions = await store.history({
          userId: ANA,
          now: START,
          state: 'ended',
          limit: 99,
        });
        expect(sessions).toEqual([
          { ...session, ended: { at: START + HOUR, by: BEN, reason: 'leaked' } },
        ]);
      });

      it.each([
        ['was reported before', (session: Session) => report(session)],
        [
          'was revoked',
          (session: Session) =>
            store.end(by(), ANA, { allBut: null }, 'revoked').then(() => session),
        ],
      ])('that %s ends nothing, keeps the reason and writes nothing', async (_, end) => {
        const session = await add();
        await end(session);
        const reason = (await check(session))?.endReason;
        await owed();
        const before = await events();
        expect(await report(session)).toBe(0);
        expect(await check(session)).toMatchObject({ endReason: reason });
        expect(await since(before)).toEqual([]);
        expect(await owed()).toEqual([]);
      });

      it('that has expired ends what it made all the same', async () => {
        const root = await add({ expiresAt: START + HOUR });
        const child = await add({ parentId: root.id });
        expect(await report(root)).toBe(1);
        expect(await check(child)).toMatchObject({ endReason: 'leaked' });
        expect(await check(root)).toMatchObject({ endReason: null });
      });

      it('of a banned member ends it for good', async () => {
        const session = await add();
        await store.ban(staff(), ANA, banBy(staff()), false);
        expect(await report(session)).toBe(1);
        await store.unban(staff(), ANA, null, null);
        expect(await check(session)).toMatchObject({ endReason: 'leaked', bannedUntil: null });
      });

      it('that nobody has leaves no trace', async () => {
        await add();
        const before = await events();
        await owed();
        const hashes = [hashToken('unheard-of')];
        const finding = { as: 'revoked' } as const;
        expect(await store.endFound(by(BEN), hashes, finding)).toEqual({ ours: 0, ended: 0 });
        expect(await since(before)).toEqual([]);
        expect(await owed()).toEqual([]);
        expect(await store.findAccount(BEN)).toBeNull();
      });

      it('acts once when two report at once', async () => {
        const session = await add();
        await Promise.all([report(session), report(session)]);
        expect(actions(await events()).filter((action) => action === 'token.reported')).toEqual([
          'token.reported',
        ]);
      });

      it('of several at once is one act, even where one made another', async () => {
        const root = await add();
        const child = await add({ parentId: root.id });
        const theirs = await add({ userId: CY });
        const before = await events();
        const hashes = [child, root, theirs, root].map(({ id }) => hashToken(id));
        const finding = { as: 'reported', channelId: null } as const;
        const actor = { kind: 'bearer', requestId: 'r' } as const;
        expect(await store.endFound({ actor, at: START }, hashes, finding)).toEqual({
          ours: 3,
          ended: 3,
        });
        const rows = await since(before);
        expect(rows.filter(({ action }) => action === 'session.ended')).toHaveLength(3);
        expect(rows.filter(({ action }) => action === 'token.reported')).toHaveLength(3);
        expect(new Set(rows.map(({ actorKind }) => actorKind))).toEqual(new Set(['bearer']));
        expect((await owed()).filter(([recipient]) => recipient !== null)).toEqual([
          [ANA, ['token.reported', 'token.reported']],
          [CY, ['token.reported']],
        ]);
      });
    });

    describe('the inventory', () => {
      it('has the live sessions of all members, newest first', async () => {
        const one = await add();
        const two = await add({ userId: BEN, createdAt: START + 1, type: 'login' });
        await add({ createdAt: START + 2, expiresAt: START + HOUR });
        const revoked = await add({ userId: CY, createdAt: START + 3 });
        await store.end(by(CY), CY, { one: revoked.id, includeDescendants: false }, 'revoked');
        const found = await store.inventory({ now: START + HOUR, limit: 100 });
        expect(found).toEqual([two, one]);
      });

      it('can be of one type, of what expires before, and of what was not used since', async () => {
        const used = await add({ createdAt: START, expiresAt: START + 3 * DAY });
        const unused = await add({ createdAt: START + 1, expiresAt: START + 2 * DAY });
        const login = await add({ createdAt: START + HOUR, type: 'login', userId: BEN });
        await store.touch(system(), [[used.id, START + HOUR]]);
        expect(await lookAt({ type: 'login' })).toEqual([login.id]);
        expect(await lookAt({ type: 'app_login' })).toEqual([]);
        expect(await lookAt({ expiresBefore: START + 2 * DAY })).toEqual([login.id]);
        expect(await lookAt({ expiresBefore: START + 2 * DAY + 1 })).toEqual([login.id, unused.id]);
        expect(await lookAt({ unusedSince: START + HOUR - 1 })).toEqual([unused.id]);
        expect(await lookAt({ unusedSince: START })).toEqual([]);
        expect(await lookAt({ type: 'api', expiresBefore: START + 3 * DAY })).toEqual([unused.id]);
      });

      it('comes in pages without gaps or repeats', async () => {
        const all: Session[] = [];
        for (let index = 0; index < 7; index += 1) {
          const userId = index % 2 === 0 ? ANA : BEN;
          all.push(await add({ createdAt: START + index, userId }));
        }
        const seen: string[] = [];
        let page = await lookAt({ limit: 3 });
        while (page.length > 0) {
          seen.push(...page);
          page = await lookAt({ limit: 3, after: page.at(-1)! });
        }
        expect(seen).toEqual(ids(all).toReversed());
      });
    });

    describe('the audit', () => {
      beforeEach(async () => {
        for (const [index, userId] of [ANA, BEN, ANA, BEN, ANA].entries()) {
          const at = START + index * HOUR;
          const actor = index < 3 ? member(userId) : STAFF;
          await store.record({
            actor,
            at,
            userId,
            action: index === 4 ? 'account.exported' : 'sessions.exported',
          });
        }
      });

      it('comes newest first, as it was written', async () => {
        expect(await times()).toEqual([4, 3, 2, 1, 0]);
        const [last] = await store.audit({ limit: 1 });
        expect(last).toMatchObject({
          at: START + 4 * HOUR,
          actorKind: 'staff',
          actorId: KEEPER,
          requestId: 'staff-1',
          action: 'account.exported',
          userId: ANA,
          sessionId: null,
          detail: {},
        });
      });

      it('can be of one member, one action and from some time on, and of all of them', async () => {
        expect(await times({ userId: ANA })).toEqual([4, 2, 0]);
        expect(await times({ userId: CY })).toEqual([]);
        expect(await times({ actions: ['sessions.exported'] })).toEqual([3, 2, 1, 0]);
        const both = ['sessions.exported', 'account.exported'] as const;
        expect(await times({ actions: both })).toEqual([4, 3, 2, 1, 0]);
        expect(await times({ actions: both, userId: BEN })).toEqual([3, 1]);
        expect(await times({ actions: ['guard.changed'] })).toEqual([]);
        expect(await times({ actions: [] })).toEqual([]);
        expect(await times({ since: START + 3 * HOUR })).toEqual([4, 3]);
        expect(await times({ since: START + 3 * HOUR + 1 })).toEqual([4]);
        const all = { userId: ANA, actions: ['sessions.exported'], since: START + 1 } as const;
        expect(await times(all)).toEqual([2]);
      });

      it.each([undefined, ANA])('comes in pages, of %s', async (userId) => {
        const all = await times({ userId });
        const seen: number[] = [];
        let page = await store.audit({ userId, limit: 2 });
        while (page.length > 0) {
          seen.push(...page.map(({ at }) => (at - START) / HOUR));
          page = await store.audit({ userId, limit: 2, before: page.at(-1)!.id });
        }
        expect(seen).toEqual(all);
      });

      it('is purged of the oldest, a slice at a time, with the messages about them', async () => {
        expect(await store.purgeAudit(START, 10)).toBe(0);
        expect(await store.purgeAudit(START + 3 * HOUR, 2)).toBe(2);
        expect(await times()).toEqual([4, 3, 2]);
        expect(await store.purgeAudit(START + 3 * HOUR, 2)).toBe(1);
        expect(await times()).toEqual([4, 3]);
        expect(await owed()).toEqual([[null, ['sessions.exported']]]);
      });
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
      await store.end(by(BEN, now), BEN, { one: revoked.id, includeDescendants: false }, 'revoked');
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
      await store.end(by(ANA, START), ANA, { one: gone.id, includeDescendants: false }, 'revoked');
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

    it('knows how much waits to be told, and since when', async () => {
      expect(await store.waiting(9)).toEqual({ count: 0, oldestAt: null });
      await store.ban(staff(), ANA, banBy(staff()), false);
      const later = { ...staff(), at: START + HOUR };
      await store.ban(later, BEN, banBy(later), false);
      // Each to the staff and to who was banned.
      expect(await store.waiting(9)).toEqual({ count: 4, oldestAt: START });
      expect(await store.waiting(1)).toEqual({ count: 1, oldestAt: START });
      for (const id of ['one', 'two', 'three']) {
        await store.takeBatch(START + HOUR, START + 2 * HOUR, id);
        expect((await store.waiting(9)).oldestAt).toBe(START);
      }
      for (const id of ['one', 'two', 'three']) await store.dropBatch(id);
      expect(await store.waiting(9)).toEqual({ count: 0, oldestAt: null });
    });

    describe('everything about a member', () => {
      it('is nothing of who is not known', async () => {
        await add({ userId: BEN });
        expect(await everythingOf(store, ANA)).toEqual({
          account: null,
          sessions: [],
          authorization: null,
          notices: ALL_NOTICES,
          audit: [],
        });
      });

      it("is all of theirs, live or not, in order, nothing of another's and no hash", async () => {
        const one = await add();
        const two = await add({ createdAt: START + 1 });
        const login = newSession({ type: 'login', name: null, createdAt: START + 2 });
        await store.addLogin(by(ANA, START + 2), login, known, 50);
        await add({ userId: BEN });
        await store.end(by(), ANA, { one: two.id, includeDescendants: false }, 'revoked');
        await store.ban(staff(), ANA, banBy(staff(), 'spam'), false);
        const { account, sessions, authorization, audit } = await everythingOf(store, ANA);
        expect(account).toMatchObject({ ban: { reason: 'spam' } });
        expect(sessions).toEqual([
          one,
          { ...two, ended: { at: START, by: ANA, reason: 'revoked' } },
          login.session,
        ]);
        expect(authorization).toEqual(known);
        expect(actions(audit)).toEqual([
          'session.created',
          'session.created',
          'session.created',
          'session.ended',
          'account.banned',
        ]);
        expect(new Set(audit.map(({ userId }) => userId))).toEqual(new Set([ANA]));
        const hash = hashToken(one.id);
        expect(JSON.stringify(sessions)).not.toContain(JSON.stringify(hash));
      });
    });

    describe('forgetting a member', () => {
      it('leaves nothing of them', async () => {
        const root = await liveThrough(ANA);
        await forget(store, by(), ANA);
        expect(await everythingOf(store, ANA)).toEqual({
          account: null,
          sessions: [],
          authorization: null,
          notices: ALL_NOTICES,
          audit: [],
        });
        expect(await check(root)).toBeNull();
        expect(await store.takeConfirmation(`question of ${ANA}`, ANA, START)).toBeNull();
        expect(JSON.stringify(await events())).not.toContain(ANA);
        expect((await owed()).map(([recipient]) => recipient)).not.toContain(ANA);
      });

      it('blanks the audit of what was theirs, but for what was done and when', async () => {
        const root = await liveThrough(ANA);
        await store.ban(system(), ANA, { ...fromServer(), reason: 'spam' }, false);
        await store.unban(system(), ANA, 'spam', null);
        const before = await events();
        await forget(store, by(ANA, START + HOUR), ANA);
        const after = await events();
        expect(after.map(({ id, at, action }) => [id, at, action]).slice(0, -1)).toEqual(
          before.map(({ id, at, action }) => [id, at, action]),
        );
        const left = JSON.stringify(after);
        for (const personal of [ANA, root.id, CHANNEL, 'Zz09', 'spam', 'request of']) {
          expect(left).not.toContain(personal);
        }
        for (const row of after) expect(row).toMatchObject({ requestId: null, sessionId: null });
        expect(after.at(-1)).toMatchObject({
          action: 'account.forgotten',
          at: START + HOUR,
          actorKind: 'system',
        });
      });

      it('leaves no trace in what they did to others, and of what they rotated', async () => {
        const theirs = await add({ userId: BEN });
        const mine = await add();
        const next = newSession({ replaces: mine.id });
        const rotation = { rotatedAt: null, graceEndsAt: START };
        await store.replace(by(), next, rotation, LIMIT);
        await store.end(by(), BEN, { one: theirs.id, includeDescendants: false }, 'leaked');
        await forget(store, by(), ANA);
        const { sessions } = await everythingOf(store, BEN);
        expect(sessions[0]?.ended).toMatchObject({ reason: 'leaked', by: null });
        expect(JSON.stringify(await events())).not.toContain(mine.id);
      });

      it("does not touch another's", async () => {
        const theirs = await liveThrough(BEN);
        const [sessions, audit] = [await everythingOf(store, BEN), await events({ userId: BEN })];
        await liveThrough(ANA);
        await forget(store, by(), ANA);
        expect(await everythingOf(store, BEN)).toEqual(sessions);
        expect(await events({ userId: BEN })).toEqual(audit);
        expect(await check(theirs)).toMatchObject({ endReason: 'leaked' });
        expect(await store.takeConfirmation(`question of ${BEN}`, BEN, START)).not.toBeNull();
        expect((await owed()).map(([recipient]) => recipient)).toContain(BEN);
      });

      it('leaves nothing of a ban that is over', async () => {
        await store.ban(staff(), ANA, { ...banBy(staff()), until: START + HOUR }, false);
        await forget(store, by(ANA, START + HOUR), ANA);
        expect(await store.liftExpiredBans(system(START + HOUR), 100)).toBe(0);
        expect(await store.findAccount(ANA)).toBeNull();
      });

      it.each<BanSource>(['staff', 'server'])('does not lift a ban by %s', async (source) => {
        const session = await add();
        const ban: Ban = { ...banBy(staff(), 'spam'), source };
        await store.ban(staff(), ANA, ban, false);
        await forget(store, by(), ANA);
        expect(await store.findAccount(ANA)).toMatchObject({ ban });
        expect(await check(session)).toBeNull();
        expect(await store.checkCreation(ANA, LIMIT, START)).toEqual({ is: 'banned' });
      });

      it('lets them begin anew, and can be done to who is not known', async () => {
        await forget(store, by(), ANA);
        await add();
        await forget(store, by(), ANA);
        const again = await add({ createdAt: START + 9 });
        expect(await everythingOf(store, ANA)).toMatchObject({
          account: { createdAt: START + 9, ban: null },
          sessions: [again],
        });
      });
    });

    describe('what is owed for erasure', () => {
      it('is done a slice at a time, the live first, and goes on where it was left', async () => {
        for (let index = 0; index < 9; index += 1) {
          const each = await add({ createdAt: START + index });
          if (index < 6)
            await store.end(by(), ANA, { one: each.id, includeDescendants: false }, 'revoked');
        }
        const later = by(ANA, START + 2 * HOUR);
        expect(await store.forget(later, ANA, 4)).toBe(true);
        expect(await store.page({ userId: ANA, now: START })).toMatchObject({ total: 0 });
        expect((await everythingOf(store, ANA)).sessions).toHaveLength(2);
        expect(await store.findAccount(ANA)).not.toBeNull();
        await forget(store, later, ANA);
        expect(await everythingOf(store, ANA)).toMatchObject({
          account: null,
          sessions: [],
          audit: [],
        });
        expect(actions(await events()).filter((action) => action === 'account.forgotten')).toEqual([
          'account.forgotten',
        ]);
      });

      it('leaves what was made within the hour to count on, for that hour', async () => {
        const limits = { maxApiTokens: 9, creationsPerHour: 3 };
        const make = (createdAt: number) =>
          store.add(by(ANA, createdAt), newSession({ createdAt }), limits);
        for (const at of [START, START + 1]) expect(await make(at)).toEqual({ is: 'stored' });
        await forget(store, by(ANA, START + 2), ANA);
        expect(await make(START + 3)).toEqual({ is: 'stored' });
        const until = START + 2 + HOUR;
        expect(await make(START + 4)).toEqual({
          is: 'rate_limited',
          what: 'created',
          most: 3,
          until,
        });
        await forget(store, by(ANA, START + 5), ANA);
        expect(await make(START + 6)).toMatchObject({ is: 'rate_limited' });
        const over = START + 5 + HOUR;
        await store.purgeAllowances(over - 1);
        expect(await make(over - 1)).toMatchObject({ is: 'rate_limited', until: over });
        await store.purgeAllowances(over);
        expect(await make(over)).toEqual({ is: 'stored' });
      });
    });

    describe('what is owed', () => {
      it('comes from what is news to staff, and from nothing else', async () => {
        await add();
        await store.end(by(), ANA, { allBut: null }, 'revoked');
        await store.record({ ...by(), userId: ANA, action: 'token.undelivered', why: 'dm_closed' });
        expect(await owed()).toEqual([]);
        const five = [await add(), await add(), await add(), await add(), await add()];
        await store.end(by(), ANA, { allBut: null }, 'revoked');
        expect(await owed()).toEqual([[null, ['sessions.ended']]]);
        expect(five).toHaveLength(5);
        await add();
        await store.end(staff(), ANA, { allBut: null }, 'revoked');
        expect(await owed()).toEqual([[null, ['session.ended']]]);
        await add();
        await add();
        await store.end(staff(), ANA, { allBut: null }, 'revoked');
        expect(await owed()).toEqual([[null, ['sessions.ended']]]);
        await store.ban(staff(), BEN, banBy(staff()), false);
        await store.unban(staff(), BEN, null, null);
        expect(await owed()).toEqual([
          [null, ['account.banned', 'account.unbanned']],
          [BEN, ['account.banned']],
          [BEN, ['account.unbanned']],
        ]);
      });

      it('is to the member one message where the ban of the server goes on behind one that ends', async () => {
        await store.ban(staff(), ANA, { ...banBy(staff()), until: START + HOUR }, false);
        await store.ban(system(), ANA, fromServer(START + 1), false);
        await owed();
        await store.liftExpiredBans(system(START + HOUR), 100);
        expect(await owed()).toEqual([
          [null, ['account.unbanned', 'account.banned']],
          [ANA, ['account.banned']],
        ]);
      });

      it('is not a refusal that was a mere slip', async () => {
        const refused = {
          ...by(),
          userId: ANA,
          action: 'staff.refused',
          command: '/admin user',
        } as const;
        await store.record({ ...refused, why: 'elsewhere', slip: true });
        expect(await owed()).toEqual([]);
        await store.record({ ...refused, why: 'elsewhere', slip: false });
        expect(await owed()).toEqual([[null, ['staff.refused']]]);
      });

      it('comes of a new token that is unusual', async () => {
        for (let index = 0; index < 12; index += 1) await add();
        expect(await owed()).toEqual([[null, ['session.created']]]);
        const [odd] = await store.audit({ limit: 3 });
        expect(odd?.detail).not.toHaveProperty('oddities');
        expect((await events()).map(({ detail }) => detail['oddities'] ?? null)).toEqual([
          ...Array.from({ length: 9 }, () => null),
          ['many'],
          null,
          null,
        ]);
      });

      it('is taken as one message to each recipient, the oldest first', async () => {
        await exported(ANA);
        await report(await add(), by(CY, START));
        await exported(BEN);
        await report(await add({ userId: BEN }), by(CY, START));
        expect(await owed(START)).toEqual([
          [null, ['sessions.exported', 'token.reported', 'sessions.exported', 'token.reported']],
          [ANA, ['token.reported']],
          [BEN, ['token.reported']],
        ]);
      });

      it('is taken twenty at a time', async () => {
        for (let index = 0; index < 45; index += 1) await exported(`${index}`);
        const lengths = (await owed()).map(([, { length }]) => length);
        expect(lengths).toEqual([20, 20, 5]);
      });

      it('is not taken before it is due', async () => {
        await exported(ANA, START + HOUR);
        expect(await take(START + HOUR - 1)).toBeNull();
        expect(await take(START + HOUR)).not.toBeNull();
      });

      it('once taken is due again at that time, and has its id and its events still', async () => {
        await exported(ANA);
        await exported(BEN);
        const first = await store.takeBatch(START, START + SECOND, 'first');
        expect(first).toMatchObject({ id: 'first', recipient: null, triedAt: null, attempts: 1 });
        expect(first?.events.map(({ userId }) => userId)).toEqual([ANA, BEN]);
        // What is new makes another message.
        await exported(CY);
        const other = await store.takeBatch(START, START + HOUR, 'other');
        expect(other?.events.map(({ userId }) => userId)).toEqual([CY]);
        expect(await take(START + SECOND - 1)).toBeNull();
        const again = await store.takeBatch(START + SECOND, START + HOUR, 'again');
        expect(again).toEqual({ ...first, triedAt: START, attempts: 2 });
      });

      it('is over once it is dropped, and the others are not', async () => {
        await exported(ANA);
        const one = await take(START);
        await exported(BEN);
        const two = await take(START);
        await store.dropBatch(one!.id);
        await store.dropBatch('unheard-of');
        const left = await take(START + DAY);
        expect(left?.id).toBe(two!.id);
        await store.dropBatch(two!.id);
        expect(await take(START + 9 * DAY)).toBeNull();
        expect(await events()).toHaveLength(2);
      });

      it('can be put off, and lets others pass', async () => {
        await exported(ANA);
        const slow = await take(START);
        await store.postponeBatch(slow!.id, START + HOUR);
        await exported(BEN);
        const other = await take(START + 1);
        expect(other?.events.map(({ userId }) => userId)).toEqual([BEN]);
        await store.dropBatch(other!.id);
        expect(await take(START + HOUR - 1)).toBeNull();
        expect((await take(START + HOUR))?.id).toBe(slow!.id);
      });

      it('goes to one of two that ask at once', async () => {
        await exported(ANA);
        const both = await Promise.all([take(START), take(START)]);
        expect(both.filter((batch) => batch !== null)).toHaveLength(1);
      });
    });

    describe('a setting', () => {
      it('is what was saved last, whatever it is, until it is removed', async () => {
        expect(await store.findSetting('a')).toBeUndefined();
        for (const value of ['text', 7, false, { deep: ['🗝', null] }, []]) {
          await store.saveSetting('a', value);
          expect(await store.findSetting('a')).toEqual(value);
        }
        await store.saveSetting('b', 'other');
        await store.saveSetting('a', null);
        expect(await store.findSetting('a')).toBeUndefined();
        expect(await store.findSetting('b')).toBe('other');
        await store.saveSetting('unheard-of', null);
      });
    });

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
  });
}
