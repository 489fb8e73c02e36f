import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  findApplication,
  type KnownAuthorization,
  saveApplication,
} from '../../src/core/accounts/authorization.ts';
import { SYSTEM } from '../../src/core/actor.ts';
import type { Act } from '../../src/core/audit/audit.ts';
import type { Deletion } from '../../src/core/outbox/store.ts';
import type { NewSession } from '../../src/core/sessions/minted-token.ts';
import type { Session } from '../../src/core/sessions/session.ts';
import {
  FOREVER,
  type HistoryQuery,
  type NamesQuery,
  type SessionPage,
  type SessionQuery,
} from '../../src/core/sessions/store.ts';
import { hashToken } from '../../src/core/sessions/token.ts';
import type { Store } from '../../src/core/store.ts';
import {
  ANA,
  atMost,
  banBy,
  BEN,
  DAY,
  HOUR,
  idAt,
  member,
  newSession,
  SECOND,
  STAFF,
  START,
} from '../support/fixtures.ts';

const LIMIT = atMost(1_000);

const act = (at = START, userId = ANA): Act => ({ actor: member(userId), at });

const BY_ITSELF: Act = { actor: SYSTEM, at: START };

const ids = (sessions: readonly { readonly id: string }[]) => sessions.map(({ id }) => id);

/** What Discord says of Ana at a login. */
const known = (username: string, checkedAt = START): KnownAuthorization => ({
  user: { id: ANA, username, global_name: 'Déjà 🗝', avatar: null, public_flags: 64 },
  scopes: ['identify', 'guilds'],
  expiresAt: START + 7 * DAY,
  checkedAt,
});

const newLogin = (at = START, type: Session['type'] = 'login'): NewSession =>
  newSession({ type, name: null, createdAt: at, expiresAt: at + DAY });

/** What every store has to do, whatever it stands on. */
export function describeStore(name: string, open: () => Promise<Store>): void {
  describe(`the store over ${name}`, () => {
    let store: Store;

    beforeEach(async () => {
      store = await open();
    });

    afterEach(() => store.close());

    async function add(overrides: Partial<Session> = {}): Promise<Session> {
      const fresh = newSession(overrides);
      const by = act(fresh.session.createdAt, fresh.session.userId);
      expect(await store.add(by, fresh, LIMIT)).toEqual({ is: 'stored' });
      return fresh.session;
    }

    /** One a second, the oldest first. */
    async function addSeveral(amount: number, overrides: Partial<Session> = {}) {
      const all: Session[] = [];
      for (let index = 0; index < amount; index += 1) {
        all.push(await add({ createdAt: START + index * SECOND, ...overrides }));
      }
      return all;
    }

    const history = (query: Partial<HistoryQuery>) =>
      store.history({ userId: ANA, now: START + HOUR, state: 'all', limit: 99, ...query });

    const page = (query: Partial<SessionQuery> = {}): Promise<SessionPage> =>
      store.page({ userId: ANA, now: START + HOUR, ...query });

    const names = (query: Partial<NamesQuery> = {}) =>
      store.names({ userId: ANA, now: START + HOUR, limit: 9, ...query });

    const gone = async (session: Session) =>
      (await store.findByToken(hashToken(session.id))) === null;

    /** Purges by slices of `limit`, to the end; returns how many there were. */
    async function purge(before: number, limit: number): Promise<number> {
      let slices = 1;
      let cursor = await store.purge(before, limit, null);
      while (cursor !== null) {
        slices += 1;
        cursor = await store.purge(before, limit, cursor);
      }
      return slices;
    }

    const addLogin = async (fresh: NewSession, said = known('ana'), maxLogins = 50) =>
      store.addLogin(act(fresh.session.createdAt), fresh, said, maxLogins);

    /** The old one ends at once, unless it is told otherwise. */
    const replace = (by: Act, fresh: NewSession, graceEndsAt = by.at, deletion?: Deletion) =>
      store.replace(by, fresh, { rotatedAt: null, graceEndsAt }, LIMIT, deletion);

    const endOne = (session: Session, at = START + HOUR, includeDescendants = false) =>
      store.end(act(at), session.userId, { one: session.id, includeDescendants }, 'revoked');

    describe('another name', () => {
      it('is written down, and is for live sessions of the member alone', async () => {
        const session = await add({ name: 'old' });
        const rename = (userId: string, at = START + 1) =>
          store.rename(act(at, userId), userId, session.id, 'new 🗝');
        expect(await rename(BEN)).toBeNull();
        expect(await rename(ANA)).toEqual({ ...session, name: 'new 🗝' });
        expect(await store.findLive(ANA, session.id, START + 1)).toMatchObject({ name: 'new 🗝' });
        expect(await rename(ANA, session.expiresAt)).toBeNull();
        const events = await store.audit({ userId: ANA, limit: 9 });
        expect(events.filter(({ action }) => action === 'token.renamed')).toMatchObject([
          { sessionId: session.id, detail: { hint: session.hint } },
        ]);
      });
    });

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
        const found = await store.findByToken(hashToken(session.id));
        expect(found).toMatchObject({ id: session.id, endReason: 'revoked' });
      });

      it('tells that the account is banned, from that moment on', async () => {
        const session = await add();
        await store.ban(
          { actor: STAFF, at: START },
          ANA,
          banBy({ actor: STAFF, at: START }),
          false,
        );
        expect(await store.findByToken(hashToken(session.id))).toMatchObject({
          bannedUntil: FOREVER,
        });
        await store.unban({ actor: STAFF, at: START }, ANA, null, null);
        expect(await store.findByToken(hashToken(session.id))).toMatchObject({
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

    describe('an account', () => {
      it('does not exist before its first session or ban', async () => {
        expect(await store.findAccount(ANA)).toBeNull();
        await add();
        expect(await store.findAccount(ANA)).toMatchObject({ userId: ANA, ban: null });
      });

      it('can be banned before it has a session', async () => {
        await store.ban(
          { actor: STAFF, at: START },
          BEN,
          banBy({ actor: STAFF, at: START }, 'spam'),
          false,
        );
        expect(await store.findAccount(BEN)).toMatchObject({
          userId: BEN,
          ban: { reason: 'spam' },
        });
      });

      it('keeps its state when the other account changes', async () => {
        await add();
        await store.ban(
          { actor: STAFF, at: START },
          BEN,
          banBy({ actor: STAFF, at: START }),
          false,
        );
        expect(await store.findAccount(ANA)).toMatchObject({ userId: ANA, ban: null });
      });
    });

    describe('a page of sessions', () => {
      it('of those that were not used since shows and counts them alone', async () => {
        const [one, two, three] = await addSeveral(3);
        await store.touch(BY_ITSELF, [[two!.id, START + HOUR]]);
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

      it('of what is kept can be of live ones, of ended and expired ones, or of all', async () => {
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

      it('of what is kept goes on within a state and a type', async () => {
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

    describe('storing a session', () => {
      it('keeps every property', async () => {
        const parent = await add();
        const session = await add({ parentId: parent.id, name: null, type: 'login', hint: 'abcd' });
        expect(await store.findLive(ANA, session.id, START)).toEqual(session);
      });

      it('refuses a banned account', async () => {
        await store.ban(
          { actor: STAFF, at: START },
          ANA,
          banBy({ actor: STAFF, at: START }),
          false,
        );
        const fresh = newSession();
        expect(await store.add(act(), fresh, LIMIT)).toEqual({ is: 'banned' });
        expect(await store.findByToken(fresh.tokenHash)).toBeNull();
      });

      it('refuses an API token beyond the limit, and counts live ones of that type only', async () => {
        await add({ type: 'login' });
        await add({ userId: BEN });
        const first = await add();
        await add();
        const fresh = newSession();
        expect(await store.add(act(), fresh, atMost(2))).toEqual({ is: 'limit_reached' });
        expect(await store.findByToken(fresh.tokenHash)).toBeNull();
        expect(await store.add(act(), newSession({ type: 'login' }), LIMIT)).toEqual({
          is: 'stored',
        });
        await endOne(first, START);
        expect(await store.add(act(), fresh, atMost(2))).toEqual({ is: 'stored' });
      });

      it('refuses more API tokens in an hour than allowed, ended ones too, until the first is an hour old', async () => {
        const limits = { maxApiTokens: 100, creationsPerHour: 2 };
        const [first] = await addSeveral(2);
        await endOne(first!, START + 2 * SECOND);
        await add({ userId: BEN });
        const refused = { is: 'rate_limited', what: 'created', most: 2, until: START + HOUR };
        const fresh = newSession({ createdAt: START + HOUR + 1 });
        expect(await store.checkCreation(ANA, limits, START + HOUR - 1)).toEqual(refused);
        expect(await store.add(act(START + HOUR - 1), fresh, limits)).toEqual(refused);
        expect(await store.findByToken(fresh.tokenHash)).toBeNull();
        expect(await store.checkCreation(ANA, limits, START + HOUR + 1)).toEqual({ is: 'stored' });
        expect(await store.add(act(START + HOUR + 1), fresh, limits)).toEqual({ is: 'stored' });
      });

      it('does not count against the hour what a clock that was ahead made', async () => {
        const limits = { maxApiTokens: 100, creationsPerHour: 1 };
        await add({ createdAt: START + 365 * DAY });
        expect(await store.checkCreation(ANA, limits, START)).toEqual({ is: 'stored' });
        await add({ createdAt: START + HOUR });
        expect(await store.checkCreation(ANA, limits, START)).toMatchObject({ is: 'rate_limited' });
      });

      it('makes room when a token expires', async () => {
        const first = await add();
        const later = newSession({ createdAt: first.expiresAt });
        expect(await store.add(act(first.expiresAt - 1), later, atMost(1))).toEqual({
          is: 'limit_reached',
        });
        expect(await store.add(act(first.expiresAt), later, atMost(1))).toEqual({ is: 'stored' });
      });

      it.each([
        ['ended', async (parent: Session) => void (await endOne(parent, START))],
        ['expired', async () => {}],
      ])('refuses when the session whose token asked has %s', async (how, end) => {
        const parent = await add();
        await end(parent);
        const createdAt = how === 'expired' ? parent.expiresAt : START;
        const fresh = newSession({ parentId: parent.id, createdAt });
        expect(await store.add(act(createdAt), fresh, LIMIT)).toEqual({ is: 'parent_ended' });
        expect(await store.findByToken(fresh.tokenHash)).toBeNull();
      });

      it("refuses another member's session as the parent", async () => {
        const foreign = await add({ userId: BEN });
        const fresh = newSession({ parentId: foreign.id });
        expect(await store.add(act(), fresh, LIMIT)).toEqual({ is: 'parent_ended' });
      });

      it('lets no more than the limit in when many ask at once', async () => {
        const outcomes = await Promise.all(
          Array.from({ length: 20 }, () => store.add(act(), newSession(), atMost(3))),
        );
        expect(outcomes.filter((outcome) => outcome.is === 'stored')).toHaveLength(3);
        expect((await page()).total).toBe(3);
      });

      it('never stores the same token twice', async () => {
        const { session, tokenHash } = newSession();
        await store.add(act(), { session, tokenHash }, LIMIT);
        const again = { ...newSession(), tokenHash };
        await expect(store.add(act(), again, LIMIT)).rejects.toBeInstanceOf(Error);
        expect((await page()).total).toBe(1);
      });
    });

    describe('whether another API token may be stored', () => {
      it('is answered as storing it would be, and stores nothing', async () => {
        const may = (limits = LIMIT, now = START) => store.checkCreation(ANA, limits, now);
        expect(await may()).toEqual({ is: 'stored' });
        expect(await store.findAccount(ANA)).toBeNull();
        await add();
        await add({ type: 'login' });
        expect(await may(atMost(2))).toEqual({ is: 'stored' });
        expect(await may(atMost(1))).toEqual({ is: 'limit_reached' });
        expect(await may(atMost(1), START + DAY)).toEqual({ is: 'stored' });
        const once = { maxApiTokens: 9, creationsPerHour: 1 };
        expect(await may(once)).toEqual({
          is: 'rate_limited',
          what: 'created',
          most: 1,
          until: START + HOUR,
        });
        expect(await may(once, START + HOUR)).toEqual({ is: 'stored' });
        const by: Act = { actor: STAFF, at: START };
        await store.ban(by, ANA, banBy(by), false);
        expect(await may()).toEqual({ is: 'banned' });
      });

      it('does not depend on what replaced another, nor on logins', async () => {
        const limits = { maxApiTokens: 9, creationsPerHour: 2 };
        const old = await add();
        const fresh = newSession({ replaces: old.id });
        await replace(act(), fresh);
        await add({ type: 'login' });
        await add({ type: 'app_login' });
        expect(await store.checkCreation(ANA, limits, START)).toEqual({ is: 'stored' });
        await add();
        expect(await store.checkCreation(ANA, limits, START)).toMatchObject({ is: 'rate_limited' });
      });
    });

    describe('storing a login', () => {
      it('keeps the session and all that Discord said', async () => {
        expect(await store.findAuthorization(ANA)).toBeNull();
        const fresh = newLogin();
        expect(await addLogin(fresh)).toEqual({ is: 'stored' });
        expect(await store.findLive(ANA, fresh.session.id, START)).toEqual(fresh.session);
        expect(await store.findAuthorization(ANA)).toEqual(known('ana'));
        expect(await store.findAuthorization(BEN)).toBeNull();
        expect(await store.findAccount(ANA)).toMatchObject({ userId: ANA, ban: null });
      });

      it('keeps what Discord said last', async () => {
        await addLogin(newLogin());
        await addLogin(newLogin(START + 1), known('anabel', START + 1));
        expect(await store.findAuthorization(ANA)).toEqual(known('anabel', START + 1));
      });

      it('refuses a banned account, and keeps nothing of what Discord said', async () => {
        const by: Act = { actor: STAFF, at: START };
        await store.ban(by, ANA, banBy(by), false);
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
        for (const fresh of [first, second, third]) await addLogin(fresh, known('ana'), 3);
        expect((await page()).total).toBe(4);
        const fourth = newLogin(START + 4);
        await addLogin(fourth, known('ana'), 2);
        const live = [fourth, third].map(({ session }) => session.id);
        expect(ids((await page()).sessions)).toEqual([...live, api.id]);
        for (const { tokenHash } of [first, second]) {
          expect(await store.findByToken(tokenHash)).toMatchObject({ endReason: 'displaced' });
        }
      });

      it('does not count logins that ended or expired', async () => {
        const [one, two, three] = [newLogin(START), newLogin(START + 1), newLogin(START + DAY)];
        await addLogin(one, known('ana'), 2);
        await addLogin(two, known('ana'), 2);
        await endOne(two.session, START + 2);
        await addLogin(three, known('ana'), 2);
        expect(await store.findByToken(one.tokenHash)).toMatchObject({ endReason: null });
        expect(await store.findByToken(two.tokenHash)).toMatchObject({ endReason: 'revoked' });
      });

      it('never stores the same token twice, nor then what Discord said', async () => {
        const fresh = newLogin();
        await addLogin(fresh);
        const again = { ...newLogin(START + 1), tokenHash: fresh.tokenHash };
        await expect(addLogin(again, known('other'))).rejects.toBeInstanceOf(Error);
        expect(await store.findAuthorization(ANA)).toEqual(known('ana'));
        expect((await page()).total).toBe(1);
      });
    });

    it('keeps what it is told of our application, the last of it', async () => {
      expect(await findApplication(store)).toBeNull();
      await saveApplication(store, { id: '1', name: 'One', icon: null, tags: ['a'] });
      expect(await findApplication(store)).toEqual({
        id: '1',
        name: 'One',
        icon: null,
        tags: ['a'],
      });
      await saveApplication(store, { id: '2', name: 'Two 🗝' });
      expect(await findApplication(store)).toEqual({ id: '2', name: 'Two 🗝' });
    });

    describe('replacing a token', () => {
      it('ends the old one in favour of the new one', async () => {
        const old = await add();
        const fresh = newSession({ createdAt: START + 1, replaces: old.id });
        expect(await replace(act(START + 1), fresh)).toEqual({ is: 'stored' });
        expect((await page()).sessions).toEqual([fresh.session]);
        expect(await store.findByToken(hashToken(old.id))).toMatchObject({ endReason: 'rotated' });
      });

      it('needs no room under the limit', async () => {
        const old = await add();
        const fresh = newSession({ replaces: old.id });
        expect(await replace(act(), fresh)).toEqual({ is: 'stored' });
        expect(await store.add(act(), newSession(), atMost(1))).toEqual({ is: 'limit_reached' });
      });

      it.each([
        ['has ended', async (old: Session) => void (await endOne(old, START)), ANA],
        ["is another member's", async () => {}, BEN],
      ])('stores nothing when the old one %s', async (_, before, userId) => {
        const old = await add();
        await before(old);
        const fresh = newSession({ userId, replaces: old.id });
        expect(await replace(act(START, userId), fresh)).toEqual({ is: 'not_found' });
        expect(await store.findByToken(fresh.tokenHash)).toBeNull();
      });

      it('stores nothing when the old one has expired', async () => {
        const old = await add();
        const fresh = newSession({ createdAt: old.expiresAt, replaces: old.id });
        expect(await replace(act(old.expiresAt), fresh)).toEqual({ is: 'not_found' });
        expect(await store.findByToken(fresh.tokenHash)).toBeNull();
      });

      it('stores nothing in the place of a login', async () => {
        const login = await add({ type: 'login' });
        const fresh = newSession({ replaces: login.id });
        expect(await replace(act(), fresh)).toEqual({ is: 'not_found' });
        expect((await page()).sessions).toEqual([login]);
      });

      it('refuses a banned account and leaves the old one as it is', async () => {
        const old = await add();
        await store.ban(
          { actor: STAFF, at: START },
          ANA,
          banBy({ actor: STAFF, at: START }),
          false,
        );
        expect(await replace(act(), newSession({ replaces: old.id }))).toEqual({
          is: 'banned',
        });
        expect(await store.findLive(ANA, old.id, START)).toEqual(old);
      });

      it('happens once when two ask at once', async () => {
        const old = await add();
        const outcomes = await Promise.all([
          replace(act(), newSession({ replaces: old.id })),
          replace(act(), newSession({ replaces: old.id })),
        ]);
        expect(outcomes.map(({ is }) => is).toSorted()).toEqual(['rotated', 'stored']);
        expect((await page()).total).toBe(1);
      });
    });

    describe('ending sessions', () => {
      it('ends one, returns it as it was, and leaves the others', async () => {
        const [one, two] = await addSeveral(2);
        expect(await endOne(one!)).toEqual([one]);
        expect((await page()).sessions).toEqual([two]);
      });

      it("does not touch another member's session", async () => {
        const mine = await add();
        const selections = [
          { one: mine.id, includeDescendants: true },
          { descendantsOf: mine.id },
          { allBut: null },
        ] as const;
        for (const selection of selections) {
          expect(await store.end(act(), BEN, selection, 'revoked')).toEqual([]);
        }
        expect(await store.findLive(ANA, mine.id, START)).toEqual(mine);
      });

      it('returns nothing for a session that ended or expired already, and keeps its reason', async () => {
        const rotated = await add();
        await replace(act(), newSession({ replaces: rotated.id }));
        expect(await endOne(rotated)).toEqual([]);
        expect(await store.findByToken(hashToken(rotated.id))).toMatchObject({
          endReason: 'rotated',
        });
        const expired = await add();
        expect(await endOne(expired, expired.expiresAt)).toEqual([]);
        expect(await store.findByToken(hashToken(expired.id))).toMatchObject({ endReason: null });
      });

      it('ends one and all that it made, however far down', async () => {
        const root = await add();
        const child = await add({ parentId: root.id });
        const grandchild = await add({ parentId: child.id });
        const other = await add();
        await endOne(child, START);
        const ended = await endOne(root, START, true);
        expect(ids(ended).toSorted()).toEqual([root.id, grandchild.id].toSorted());
        expect((await page()).sessions).toEqual([other]);
      });

      it('ends one only, when what it made was not asked for', async () => {
        const root = await add();
        const child = await add({ parentId: root.id });
        expect(await endOne(root, START)).toEqual([root]);
        expect((await page()).sessions).toEqual([child]);
      });

      it('ends what a session made, that has ended itself', async () => {
        const root = await add();
        const child = await add({ parentId: root.id });
        await endOne(root, START);
        const ended = await store.end(act(), ANA, { descendantsOf: root.id }, 'revoked');
        expect(ended).toEqual([child]);
        expect((await page()).total).toBe(0);
      });

      it('leaves the maker alone when only what it made is to end', async () => {
        const root = await add();
        await add({ parentId: root.id });
        await store.end(act(), ANA, { descendantsOf: root.id }, 'revoked');
        expect((await page()).sessions).toEqual([root]);
      });

      it('ends all of a member, or all but one', async () => {
        const [one, two, three] = await addSeveral(3);
        const theirs = await add({ userId: BEN });
        const ended = await store.end(act(), ANA, { allBut: two!.id }, 'revoked');
        expect(ids(ended).toSorted()).toEqual([one!.id, three!.id].toSorted());
        expect((await page()).sessions).toEqual([two]);
        expect(await store.end(act(), ANA, { allBut: null }, 'revoked')).toEqual([two]);
        expect(await store.findLive(BEN, theirs.id, START)).toEqual(theirs);
      });

      it('ends one once when two ask at once', async () => {
        const one = await add();
        const [first, second] = await Promise.all([endOne(one), endOne(one)]);
        expect(first.length + second.length).toBe(1);
      });
    });

    it('moves the last use forward, never back', async () => {
      const session = await add();
      const lastUse = async () =>
        (await store.findLive(ANA, session.id, START))?.lastUsedAt ?? null;
      await store.touch(BY_ITSELF, [[session.id, START + 5]]);
      expect(await lastUse()).toBe(START + 5);
      await store.touch(BY_ITSELF, [[session.id, START + 4]]);
      expect(await lastUse()).toBe(START + 5);
      await store.touch(BY_ITSELF, [
        [idAt(START), START + 9],
        [session.id, START + 6],
      ]);
      expect(await lastUse()).toBe(START + 6);
      await store.touch(BY_ITSELF, []);
    });

    describe('purging', () => {
      it('removes what ended or expired before, and nothing else', async () => {
        const before = START + 40 * DAY;
        const live = await add({ expiresAt: START + 100 * DAY });
        const expired = await add({ expiresAt: before - 1 });
        const expiredJustNow = await add({ expiresAt: before });
        const ended = await add({ expiresAt: START + 100 * DAY });
        const endedJustNow = await add({ expiresAt: START + 100 * DAY });
        await endOne(ended, before - 1);
        await endOne(endedJustNow, before);
        await purge(before, 100);
        expect(await gone(expired)).toBe(true);
        expect(await gone(ended)).toBe(true);
        expect(await gone(live)).toBe(false);
        expect(await gone(expiredJustNow)).toBe(false);
        expect(await gone(endedJustNow)).toBe(false);
      });

      it('removes no more at a time than it is told to', async () => {
        const old = await addSeveral(10, { expiresAt: START + HOUR });
        expect(await store.purge(START + DAY, 3, null)).toBe(old[2]?.id);
        expect(await Promise.all(old.map(gone))).toEqual(old.map((_, index) => index < 3));
        await purge(START + DAY, 3);
        expect(await Promise.all(old.map(gone))).toEqual(old.map(() => true));
      });

      it('looks at all of them, however many live on in between, a slice at a time', async () => {
        const old = await addSeveral(2, { expiresAt: START + HOUR });
        const live = await addSeveral(45, { expiresAt: START + 100 * DAY });
        old.push(await add({ createdAt: START + 60 * SECOND, expiresAt: START + HOUR }));
        expect(await purge(START + DAY, 2)).toBeGreaterThanOrEqual(3);
        for (const session of old) expect(await gone(session)).toBe(true);
        for (const session of live) expect(await gone(session)).toBe(false);
      });

      it('ends when all were looked at', async () => {
        expect(await store.purge(START, 10, null)).toBeNull();
        await add();
        expect(await store.purge(START + 9 * DAY, 10, null)).toBeNull();
      });

      it('keeps what a removed session made', async () => {
        const root = await add({ expiresAt: START + 1 });
        const child = await add({ parentId: root.id, expiresAt: START + 100 * DAY });
        await purge(START + 2, 10);
        expect(await gone(root)).toBe(true);
        expect(await store.findLive(ANA, child.id, START)).toEqual({ ...child, parentId: null });
      });
    });

    it('can be written', async () => {
      await add();
      expect(await store.isWritable()).toBe(true);
    });

    it('answers a ping until it is closed', async () => {
      await store.ping();
      await store.close();
      await expect(store.ping()).rejects.toBeInstanceOf(Error);
      store = await open();
    });
  });
}
