import { describe, expect, it } from 'vitest';
import type { Session } from '../../../../src/core/sessions/session.ts';
import {
  FOREVER,
  type HistoryQuery,
  type InventoryQuery,
  type NamesQuery,
  type SessionQuery,
} from '../../../../src/core/sessions/store.ts';
import { hashToken } from '../../../../src/core/sessions/token.ts';
import { ANA, BEN, DAY, HOUR, idAt, SECOND, START } from '../../../support/fixtures.ts';
import {
  add,
  addSeveral,
  ban,
  check,
  CY,
  endOne,
  ids,
  page,
  staff,
  store,
  system,
} from '../stage.ts';

const history = (query: Partial<HistoryQuery>) =>
  store.history({ userId: ANA, now: START + HOUR, state: 'all', limit: 99, ...query });

const names = (query: Partial<NamesQuery> = {}) =>
  store.names({ userId: ANA, now: START + HOUR, limit: 9, ...query });

const inventory = async (query: Partial<InventoryQuery> = {}) =>
  ids(await store.inventory({ now: START + HOUR, limit: 100, ...query }));

const findParent = (id: string, userId = ANA, at = START) => store.findLiveParent(userId, id, at);

/** What is asked of the sessions that are stored. */
export function describeSessionStoreReads(): void {
  describe('a token check', () => {
    it('finds a live session by the hash of its token, with all that a check needs', async () => {
      const session = await add({ type: 'app_login' });
      expect(await store.findByToken(hashToken(session.id))).toEqual({
        id: session.id,
        userId: ANA,
        type: 'app_login',
        expiresAt: session.expiresAt,
        endReason: null,
        rotatedAt: null,
        isUntried: false,
        bannedUntil: null,
        name: session.name,
        createdAt: session.createdAt,
        scope: null,
        roles: null,
      });
    });

    it('finds nothing by a hash that was never stored', async () => {
      await add();
      expect(await store.findByToken(hashToken('another'))).toBeNull();
    });

    it('tells why a session ended', async () => {
      const session = await add();
      await endOne(session);
      const found = await check(session);
      expect(found).toMatchObject({ id: session.id, endReason: 'revoked' });
    });

    it('tells that the account is banned, from that moment on', async () => {
      const session = await add();
      await ban();
      expect(await check(session)).toMatchObject({
        bannedUntil: FOREVER,
      });
      await store.unban(staff(), ANA, null, null);
      expect(await check(session)).toMatchObject({
        bannedUntil: null,
      });
    });
  });

  describe('one live session', () => {
    it('is found by its owner, as it was stored', async () => {
      const session = await add({ name: 'déjà vu 🗝', type: 'api' });
      expect(await store.findLive(ANA, session.id, START)).toEqual(session);
    });

    it("is not there for another member, as if it didn't exist", async () => {
      const session = await add();
      expect(await store.findLive(BEN, session.id, START)).toBeNull();
      expect(await store.findLive(ANA, idAt(START), START)).toBeNull();
    });

    it('is live until the millisecond before its expiry', async () => {
      const session = await add();
      expect(await store.findLive(ANA, session.id, session.expiresAt - 1)).not.toBeNull();
      expect(await store.findLive(ANA, session.id, session.expiresAt)).toBeNull();
    });

    it('is not found once it was ended', async () => {
      const session = await add();
      await endOne(session, START);
      expect(await store.findLive(ANA, session.id, START)).toBeNull();
    });
  });

  describe('the parent', () => {
    it('is what made a session, while that lives, and the owner’s only', async () => {
      const parent = await add();
      const child = await add({ parentId: parent.id });
      expect(await findParent(child.id)).toEqual(parent);
      expect(await findParent(parent.id)).toBeNull();
      expect(await findParent(idAt(START))).toBeNull();
      expect(await findParent(child.id, BEN)).toBeNull();
      expect(await findParent(child.id, ANA, parent.expiresAt)).toBeNull();
      await endOne(child, START);
      expect(await findParent(child.id)).toEqual(parent);
      await endOne(parent, START);
      expect(await findParent(child.id)).toBeNull();
    });
  });

  describe('a page of sessions', () => {
    it('of those that were not used since shows and counts them alone', async () => {
      const [one, two, three] = await addSeveral(3);
      await store.touch(system(), [[two!.id, START + HOUR]]);
      const unused = { unusedSince: START + HOUR - 1 };
      expect(await page(unused)).toMatchObject({ total: 2, newer: 0 });
      const last = await page({ ...unused, cursor: { after: three!.id } });
      expect([ids(last.sessions), last.total, last.newer]).toEqual([[one!.id], 2, 1]);
      const first = await page({ ...unused, cursor: { before: one!.id } });
      expect(ids(first.sessions)).toEqual([three!.id]);
    });

    it('is empty for a member who has none', async () => {
      expect(await page()).toEqual({ sessions: [], total: 0, newer: 0 });
    });

    it('has the newest first, and all of them without a limit', async () => {
      const all = await addSeveral(4);
      const { sessions, total, newer } = await page();
      expect(sessions).toEqual(all.toReversed());
      expect([total, newer]).toEqual([4, 0]);
    });

    it("never shows another member's, an ended or an expired session", async () => {
      const mine = await add();
      await add({ userId: BEN });
      await endOne(await add());
      await add({ expiresAt: START + HOUR });
      expect(await page()).toEqual({ sessions: [mine], total: 1, newer: 0 });
    });

    it('goes on after the last one of the page before', async () => {
      const [one, two, three, four, five] = await addSeveral(5);
      const first = await page({ limit: 2 });
      expect(ids(first.sessions)).toEqual([five!.id, four!.id]);
      const second = await page({ limit: 2, cursor: { after: four!.id } });
      expect(ids(second.sessions)).toEqual([three!.id, two!.id]);
      expect([second.total, second.newer]).toEqual([5, 2]);
      const third = await page({ limit: 2, cursor: { after: two!.id } });
      expect(ids(third.sessions)).toEqual([one!.id]);
      expect([third.total, third.newer]).toEqual([5, 4]);
    });

    it('goes back to what stands next to the cursor, in the same order', async () => {
      const [one, two, three, four, five] = await addSeveral(5);
      const back = await page({ limit: 2, cursor: { before: two!.id } });
      expect(ids(back.sessions)).toEqual([four!.id, three!.id]);
      expect([back.total, back.newer]).toEqual([5, 1]);
      const wide = await page({ cursor: { before: one!.id } });
      expect(ids(wide.sessions)).toEqual([five!.id, four!.id, three!.id, two!.id]);
    });

    it('is empty beyond either end, and still counts', async () => {
      const [one, two] = await addSeveral(2);
      const beyond = await page({ cursor: { after: one!.id } });
      expect([beyond.sessions, beyond.total]).toEqual([[], 2]);
      const before = await page({ cursor: { before: two!.id } });
      expect([before.sessions, before.total]).toEqual([[], 2]);
    });

    it('goes on from a cursor whose row is gone', async () => {
      const [one, two, three] = await addSeveral(3);
      await endOne(two!);
      expect(ids((await page({ cursor: { after: two!.id } })).sessions)).toEqual([one!.id]);
      expect(ids((await page({ cursor: { before: two!.id } })).sessions)).toEqual([three!.id]);
      const neverThere = idAt(START + 1_500);
      const { sessions } = await page({ cursor: { after: neverThere } });
      expect(ids(sessions)).toEqual([one!.id]);
    });

    it('follows pages without gaps or repeats while sessions are revoked in between', async () => {
      const all = await addSeveral(20);
      const seen: string[] = [];
      let cursor: SessionQuery['cursor'];
      for (let turn = 0; turn < 20; turn += 1) {
        const { sessions } = await page({ limit: 3, cursor });
        if (sessions.length === 0) break;
        seen.push(...ids(sessions));
        cursor = { after: sessions.at(-1)!.id };
        // One that was shown, the cursor itself, and one that is still to come.
        await endOne(sessions[0]!);
        await endOne(sessions.at(-1)!);
        await endOne(all[turn]!);
      }
      const ahead = all.filter(({ id }, index) => index >= 5 || seen.includes(id));
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen).toEqual(ids(ahead).toReversed());
      expect(seen.length).toBeGreaterThanOrEqual(15);
    });

    it('can be of one type only, its counts too', async () => {
      const [login, api, app] = [
        await add({ type: 'login', createdAt: START }),
        await add({ type: 'api', createdAt: START + 1 }),
        await add({ type: 'app_login', createdAt: START + 2 }),
      ];
      for (const session of [login, api, app]) {
        const { sessions, total } = await page({ type: session.type });
        expect([ids(sessions), total]).toEqual([[session.id], 1]);
      }
    });
  });

  describe('the history of a member', () => {
    it('can be of live sessions, of ended and expired ones, or of all', async () => {
      const expired = await add({ createdAt: START, expiresAt: START + HOUR });
      const ended = await add({ createdAt: START + 1 });
      const live = await add({ createdAt: START + 2, expiresAt: START + HOUR + 1 });
      await add({ createdAt: START + 3, userId: BEN });
      await endOne(ended, START + 9);
      const states = { live: [live], ended: [ended, expired], all: [live, ended, expired] };
      for (const state of ['live', 'ended', 'all'] as const) {
        expect(ids(await history({ state }))).toEqual(ids(states[state]));
      }
      const [row] = await history({ state: 'ended' });
      expect(row).toEqual({ ...ended, ended: { at: START + 9, by: ANA, reason: 'revoked' } });
      const before = await history({ state: 'ended', now: START + HOUR - 1 });
      expect(ids(before)).toEqual([ended.id]);
    });

    it('goes on within a state and a type', async () => {
      const all = await addSeveral(6);
      for (const index of [1, 3, 5]) await endOne(all[index]!);
      await addSeveral(2, { type: 'login', createdAt: START + 9 * SECOND });
      const query = { state: 'ended', type: 'api', limit: 1 } as const;
      expect(ids(await history(query))).toEqual([all[5]!.id]);
      expect(ids(await history({ ...query, after: all[5]!.id }))).toEqual([all[3]!.id]);
      expect(ids(await history({ ...query, after: all[1]!.id }))).toEqual([]);
      const live = { state: 'live', type: 'api', limit: 2 } as const;
      expect(ids(await history(live))).toEqual([all[4]!.id, all[2]!.id]);
      expect(ids(await history({ ...live, after: all[2]!.id }))).toEqual([all[0]!.id]);
    });
  });

  describe('names', () => {
    it("are of the member's live sessions, newest first, and nothing more of them", async () => {
      const named = await add({ name: 'Größe', hint: 'AAAA' });
      const login = await add({ name: null, type: 'login', createdAt: START + 1 });
      await add({ userId: BEN });
      await add({ expiresAt: START + HOUR });
      await endOne(await add(), START + 9);
      expect(await names()).toEqual([
        { id: login.id, type: 'login', name: null, hint: login.hint, lastUsedAt: null },
        { id: named.id, type: 'api', name: 'Größe', hint: 'AAAA', lastUsedAt: null },
      ]);
      expect(await names({ userId: '1' })).toEqual([]);
    });

    it('can be of one type, and go on after a session that need not be there any more', async () => {
      const all = await addSeveral(5);
      await addSeveral(5, { type: 'login' });
      const first = await names({ type: 'api', limit: 2 });
      expect(ids(first)).toEqual([all[4]!.id, all[3]!.id]);
      await endOne(all[3]!, START + 9 * SECOND);
      const rest = await names({ type: 'api', after: all[3]!.id });
      expect(ids(rest)).toEqual([all[2]!.id, all[1]!.id, all[0]!.id]);
    });
  });

  describe('counting', () => {
    it('tells how many of each type are live and when the first of them expires', async () => {
      await add({ expiresAt: START + 2 * DAY });
      await add({ expiresAt: START + DAY });
      await add({ type: 'login', expiresAt: START + HOUR + 1 });
      await add({ type: 'app_login', expiresAt: START + HOUR });
      await add({ userId: BEN });
      await endOne(await add({ expiresAt: START + HOUR + 2 }));
      const counts = await store.countLive(ANA, START + HOUR);
      expect(counts.toSorted((a, b) => (a.type < b.type ? -1 : 1))).toEqual([
        { type: 'api', count: 2, rotated: 0, nextExpiry: START + DAY },
        { type: 'login', count: 1, rotated: 0, nextExpiry: START + HOUR + 1 },
      ]);
      expect(await store.countLive('1', START)).toEqual([]);
    });

    it('follows what a session made through sessions that have ended', async () => {
      const root = await add();
      const child = await add({ parentId: root.id });
      const grandchild = await add({ parentId: child.id });
      await add({ parentId: grandchild.id });
      await add();
      expect(await store.countDescendants(ANA, root.id, START)).toBe(3);
      await endOne(child, START);
      expect(await store.countDescendants(ANA, root.id, START)).toBe(2);
      await endOne(root, START);
      expect(await store.countDescendants(ANA, root.id, START)).toBe(2);
      expect(await store.countDescendants(ANA, grandchild.id, START)).toBe(1);
    });

    it("does not count for a member what another's session made", async () => {
      const root = await add();
      await add({ parentId: root.id });
      expect(await store.countDescendants(BEN, root.id, START)).toBe(0);
    });
  });

  describe('the inventory', () => {
    it('has the live sessions of all members, newest first', async () => {
      const one = await add();
      const two = await add({ userId: BEN, createdAt: START + 1, type: 'login' });
      await add({ createdAt: START + 2, expiresAt: START + HOUR });
      const revoked = await add({ userId: CY, createdAt: START + 3 });
      await endOne(revoked, START);
      const found = await store.inventory({ now: START + HOUR, limit: 100 });
      expect(found).toEqual([two, one]);
    });

    it('can be of one type, of what expires before, and of what was not used since', async () => {
      const used = await add({ createdAt: START, expiresAt: START + 3 * DAY });
      const unused = await add({ createdAt: START + 1, expiresAt: START + 2 * DAY });
      const login = await add({ createdAt: START + HOUR, type: 'login', userId: BEN });
      await store.touch(system(), [[used.id, START + HOUR]]);
      expect(await inventory({ type: 'login' })).toEqual([login.id]);
      expect(await inventory({ type: 'app_login' })).toEqual([]);
      expect(await inventory({ expiresBefore: START + 2 * DAY })).toEqual([login.id]);
      expect(await inventory({ expiresBefore: START + 2 * DAY + 1 })).toEqual([
        login.id,
        unused.id,
      ]);
      expect(await inventory({ unusedSince: START + HOUR - 1 })).toEqual([unused.id]);
      expect(await inventory({ unusedSince: START })).toEqual([]);
      expect(await inventory({ type: 'api', expiresBefore: START + 3 * DAY })).toEqual([unused.id]);
    });

    it('comes in pages without gaps or repeats', async () => {
      const all: Session[] = [];
      for (let index = 0; index < 7; index += 1) {
        const userId = index % 2 === 0 ? ANA : BEN;
        all.push(await add({ createdAt: START + index, userId }));
      }
      const seen: string[] = [];
      let next = await inventory({ limit: 3 });
      while (next.length > 0) {
        seen.push(...next);
        next = await inventory({ limit: 3, after: next.at(-1)! });
      }
      expect(seen).toEqual(ids(all).toReversed());
    });
  });
}
