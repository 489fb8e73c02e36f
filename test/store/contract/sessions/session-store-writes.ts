import { describe, expect, it } from 'vitest';
import type { Session } from '../../../../src/core/sessions/session.ts';
import { hashToken } from '../../../../src/core/sessions/token.ts';
import { ANA, BEN, DAY, HOUR, newSession, SECOND, START } from '../../../support/fixtures.ts';
import {
  act,
  actions,
  add,
  addSeveral,
  ban,
  CHANNEL,
  check,
  CY,
  endOne,
  events,
  ids,
  owed,
  page,
  replace,
  report,
  since,
  staff,
  store,
} from '../stage.ts';

const gone = async (session: Session) => (await check(session)) === null;

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

/** How sessions end, get another name and are removed. */
export function describeSessionStoreWrites(): void {
  describe('another name', () => {
    it('is written down, and is for live sessions of the member alone', async () => {
      const session = await add({ name: 'old' });
      const rename = (userId: string, at = START + 1) =>
        store.rename(act(at, userId), userId, session.id, 'new 🗝');
      expect(await rename(BEN)).toBeNull();
      expect(await rename(ANA)).toEqual({ ...session, name: 'new 🗝' });
      expect(await store.findLive(ANA, session.id, START + 1)).toMatchObject({ name: 'new 🗝' });
      expect(await rename(ANA, session.expiresAt)).toBeNull();
      const rows = await store.audit({ userId: ANA, limit: 9 });
      expect(rows.filter(({ action }) => action === 'token.renamed')).toMatchObject([
        { sessionId: session.id, detail: { hint: session.hint } },
      ]);
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
      expect(await check(rotated)).toMatchObject({
        endReason: 'rotated',
      });
      const expired = await add();
      expect(await endOne(expired, expired.expiresAt)).toEqual([]);
      expect(await check(expired)).toMatchObject({ endReason: null });
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

  describe('a report', () => {
    it('ends the session of the token and all that it made, and says so to staff and owner', async () => {
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

    it('says in the row of the session who ended it, when and why', async () => {
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
          store.end(act(), ANA, { allBut: null }, 'revoked').then(() => session),
      ],
    ])('of a token that %s ends nothing, keeps the reason and writes nothing', async (_, end) => {
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

    it('of a token that has expired ends what it made all the same', async () => {
      const root = await add({ expiresAt: START + HOUR });
      const child = await add({ parentId: root.id });
      expect(await report(root)).toBe(1);
      expect(await check(child)).toMatchObject({ endReason: 'leaked' });
      expect(await check(root)).toMatchObject({ endReason: null });
    });

    it('of a token of a banned member ends its session for good', async () => {
      const session = await add();
      await ban();
      expect(await report(session)).toBe(1);
      await store.unban(staff(), ANA, null, null);
      expect(await check(session)).toMatchObject({ endReason: 'leaked', bannedUntil: null });
    });

    it('of a token that nobody has leaves no trace', async () => {
      await add();
      const before = await events();
      await owed();
      const hashes = [hashToken('unheard-of')];
      const finding = { as: 'revoked' } as const;
      expect(await store.endFound(act(START, BEN), hashes, finding)).toEqual({ ours: 0, ended: 0 });
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

    it('of several tokens at once is one act, even where one made another', async () => {
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
}
