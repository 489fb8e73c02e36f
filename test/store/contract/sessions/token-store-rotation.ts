import { describe, expect, it } from 'vitest';
import type { Session } from '../../../../src/core/sessions/session.ts';
import {
  ANA,
  atMost,
  BEN,
  DAY,
  everythingOf,
  HOUR,
  newSession,
  START,
} from '../../../support/fixtures.ts';
import {
  act,
  actionsOf,
  add,
  addTogether,
  ban,
  check,
  endOne,
  LIMIT,
  live,
  MINUTE,
  page,
  replace,
  rotate,
  type RotateOptions,
  row,
  store,
  successorOf,
  touch,
} from '../stage.ts';

/** API tokens that take the place of others. */
export function describeTokenRotation(): void {
  describe('replacing a token', () => {
    it('ends the old one in favour of the new one', async () => {
      const old = await add();
      const fresh = newSession({ createdAt: START + 1, replaces: old.id });
      expect(await replace(act(START + 1), fresh)).toEqual({ is: 'stored' });
      expect((await page()).sessions).toEqual([fresh.session]);
      expect(await check(old)).toMatchObject({ endReason: 'rotated' });
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
      await ban();
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

  describe('a rotation with a grace', () => {
    it('leaves both live until the grace is over, and says so of the old one', async () => {
      const old = await add();
      const at = START + MINUTE;
      const { is, session } = await rotate(old);
      expect(is).toBe('stored');
      expect(await live(session, at)).toEqual(session);
      const expiresAt = at + HOUR;
      expect(await live(old, at)).toEqual({ ...old, rotatedAt: at, expiresAt });
      expect(await live(old, expiresAt - 1)).not.toBeNull();
      expect(await live(old, expiresAt)).toBeNull();
      expect(await check(old)).toMatchObject({ rotatedAt: at, endReason: null, expiresAt });
      expect(await actionsOf()).toEqual(['session.created', 'session.rotated']);
      const { audit } = await everythingOf(store, ANA);
      expect(audit[1]).toMatchObject({
        sessionId: session.id,
        detail: { replaced: old.id, graceEndsAt: expiresAt, expiresAt: session.expiresAt },
      });
    });

    it('never lets the old one live longer than it would have', async () => {
      const old = await add({ expiresAt: START + 10 * MINUTE });
      await rotate(old);
      expect(await row(old)).toMatchObject({ expiresAt: old.expiresAt });
      expect(await live(old, old.expiresAt - 1)).not.toBeNull();
      expect(await live(old, old.expiresAt)).toBeNull();
      const { audit } = await everythingOf(store, ANA);
      expect(audit[1]?.detail).toMatchObject({ graceEndsAt: old.expiresAt });
    });

    it('of no time ends the old one at once', async () => {
      const old = await add();
      await rotate(old, { graceMs: 0 });
      expect(await live(old, START + MINUTE)).toBeNull();
      expect(await check(old)).toMatchObject({ endReason: 'rotated', rotatedAt: START + MINUTE });
      expect(await actionsOf()).toEqual(['session.created', 'session.rotated', 'session.ended']);
    });

    it('repeated ends the successor that nobody used, in favour of the new one', async () => {
      const old = await add();
      const lost = await rotate(old);
      const again = await rotate(old, { at: START + 2 * MINUTE, rotatedAt: START + MINUTE });
      expect(again.is).toBe('stored');
      expect(await check(lost.session)).toMatchObject({ endReason: 'rotated' });
      expect(await live(again.session, START + 2 * MINUTE)).toEqual(again.session);
      expect((await live(old, START + 2 * MINUTE))?.expiresAt).toBe(START + MINUTE + HOUR);
    });

    it('repeated never prolongs the first grace, but may cut it short', async () => {
      const old = await add();
      await rotate(old);
      const second = START + 2 * MINUTE;
      await rotate(old, { at: second, rotatedAt: START + MINUTE, graceMs: 7 * DAY });
      expect((await live(old, second))?.expiresAt).toBe(START + MINUTE + HOUR);
      await rotate(old, { at: second + 1, rotatedAt: second, graceMs: 0 });
      expect(await live(old, second + 1)).toBeNull();
      expect(await check(old)).toMatchObject({ endReason: 'rotated' });
    });

    it('repeated leaves a successor that was used', async () => {
      const old = await add();
      const { session: used } = await rotate(old);
      await touch(used, START + MINUTE);
      const again = await rotate(old, { at: START + 2 * MINUTE, rotatedAt: START + MINUTE });
      expect(again.is).toBe('rotated');
      expect(await check(again.session)).toBeNull();
      expect(await live(used, START + 2 * MINUTE)).not.toBeNull();
    });

    it.each([
      ['with a grace', HOUR],
      ['without one', 0],
    ])('repeated leaves a successor that was rotated in turn, %s', async (_, graceMs) => {
      const old = await add();
      const { session: middle } = await rotate(old);
      const second = START + 2 * MINUTE;
      const { session: last } = await rotate(middle, { at: second, graceMs });
      const fork = await rotate(old, { at: second + 1, rotatedAt: START + MINUTE });
      expect(fork.is).toBe('rotated');
      expect(await live(last, second + 1)).not.toBeNull();
      expect((await live(middle, second + 1)) === null).toBe(graceMs === 0);
    });

    it('repeated goes on after its successor was revoked, used or not', async () => {
      const old = await add();
      const { session: revoked } = await rotate(old);
      await touch(revoked, START + MINUTE);
      await endOne(revoked, START + MINUTE);
      const again = await rotate(old, { at: START + 2 * MINUTE, rotatedAt: START + MINUTE });
      expect(again.is).toBe('stored');
      expect(await check(revoked)).toMatchObject({ endReason: 'revoked' });
    });

    it('happens once when two ask at once, also where it is a repetition', async () => {
      const old = await add();
      const at = START + MINUTE;
      const first = await Promise.all([rotate(old), rotate(old), rotate(old)]);
      expect(first.map(({ is }) => is).toSorted()).toEqual(['rotated', 'rotated', 'stored']);
      const again = { at: at + MINUTE, rotatedAt: at };
      const second = await Promise.all([rotate(old, again), rotate(old, again)]);
      expect(second.map(({ is }) => is).toSorted()).toEqual(['rotated', 'stored']);
      const { total } = await store.page({ userId: ANA, now: at + MINUTE });
      expect(total).toBe(2);
    });

    it('is refused to a session that has ended', async () => {
      const old = await add();
      const parent = await add();
      await endOne(parent, START);
      const at = START + MINUTE;
      const fresh = newSession({ createdAt: at, replaces: old.id, parentId: parent.id });
      expect((await rotate(old, { fresh })).is).toBe('parent_ended');
      expect(await live(old, at)).toEqual(old);
    });

    it('may be asked for by the token itself, which is the parent of the new one', async () => {
      const old = await add();
      const fresh = newSession({
        createdAt: START + MINUTE,
        replaces: old.id,
        parentId: old.id,
      });
      expect((await rotate(old, { fresh, graceMs: 0 })).is).toBe('stored');
      expect(await live(fresh.session, START + MINUTE)).toMatchObject({ parentId: old.id });
    });

    it('by the token itself is refused as rotated to the slower of two', async () => {
      const old = await add();
      const byItself = () =>
        newSession({ createdAt: START + MINUTE, replaces: old.id, parentId: old.id });
      expect((await rotate(old, { fresh: byItself(), graceMs: 0 })).is).toBe('stored');
      expect((await rotate(old, { fresh: byItself(), graceMs: 0 })).is).toBe('rotated');
    });

    it('is refused when it was done as often within an hour as an account may', async () => {
      const limits = { maxApiTokens: 1, creationsPerHour: 1 };
      let last = await add();
      for (const at of [START + 1, START + 2]) {
        last = (await rotate(last, { at, limits, graceMs: 0 })).session;
      }
      const refused = await rotate(last, { at: START + 3, limits, graceMs: 0 });
      expect(refused.is).toBe('rate_limited');
      const wait = await rotate(last, { at: START + HOUR, limits, graceMs: 0 });
      expect(wait.outcome).toEqual({
        is: 'rate_limited',
        what: 'rotated',
        most: 2,
        until: START + HOUR + 1,
      });
      const theirs = await add({ userId: BEN });
      expect((await rotate(theirs, { at: START + 3, limits })).is).toBe('stored');
      const later = await rotate(last, { at: START + HOUR + 1, limits, graceMs: 0 });
      expect(later.is).toBe('stored');
    });

    it('is not counted against the hour where a clock that was ahead dated it', async () => {
      const limits = { maxApiTokens: 1, creationsPerHour: 1 };
      let last = await add({ expiresAt: START + 400 * DAY });
      for (const index of [0, 1]) {
        last = (await rotate(last, { at: START + 365 * DAY + index, graceMs: 0 })).session;
      }
      expect((await rotate(last, { limits, graceMs: 0 })).is).toBe('stored');
    });

    it('keeps at most twice the limit live together, however often', async () => {
      const limits = atMost(2);
      const all = await addTogether(2);
      const outcomes: string[] = [];
      for (let index = 0; index < 4; index += 1) {
        const at = START + index * MINUTE;
        const { is, session } = await rotate(all[index]!, { at, limits, graceMs: DAY });
        outcomes.push(is);
        if (is === 'stored') all.push(session);
      }
      const at = START + HOUR;
      expect(outcomes).toEqual(['stored', 'stored', 'limit_reached', 'limit_reached']);
      expect((await store.page({ userId: ANA, now: at })).total).toBe(4);
      // What ends at once makes the room that it needs.
      expect((await rotate(all[3]!, { at, limits, graceMs: 0 })).is).toBe('stored');
    });

    it('can be repeated at the limit: the lost one makes room', async () => {
      const limits = atMost(1);
      const old = await add();
      const { session: lost } = await rotate(old, { limits });
      const again = { at: START + 2 * MINUTE, rotatedAt: START + MINUTE, limits };
      expect((await rotate(old, again)).is).toBe('stored');
      expect(await live(lost, START + 2 * MINUTE)).toBeNull();
      const { total } = await store.page({ userId: ANA, now: START + 2 * MINUTE });
      expect(total).toBe(2);
    });

    it('counts the old one against the limit of new ones while it lives', async () => {
      const old = await add();
      await rotate(old);
      const over = START + MINUTE + HOUR;
      expect(await store.checkCreation(ANA, atMost(2), over - 1)).toEqual({ is: 'limit_reached' });
      expect(await store.checkCreation(ANA, atMost(2), over)).toEqual({ is: 'stored' });
    });

    it('is refused beforehand for the reason for which it is refused then', async () => {
      const reasons: string[] = [];
      const refuse = async (old: Session, how?: RotateOptions) => {
        const { may, outcome, is } = await rotate(old, how);
        expect(may).toEqual(outcome);
        reasons.push(is);
      };
      const [old, left, parent] = [await add(), await add(), await add()];
      const { session: next } = await rotate(old);
      await refuse(old);
      await touch(next, START + MINUTE);
      await refuse(old, { rotatedAt: START + MINUTE });
      await refuse(left, { limits: atMost(1) });
      await refuse(left, { limits: { maxApiTokens: 0, creationsPerHour: 0 }, graceMs: 0 });
      await refuse(await add({ type: 'login', name: null }));
      await refuse(left, { at: left.expiresAt });
      await endOne(parent, START);
      const at = START + MINUTE;
      const fresh = newSession({ createdAt: at, replaces: left.id, parentId: parent.id });
      await refuse(left, { fresh });
      await ban();
      await refuse(left);
      expect(reasons).toEqual([
        'rotated',
        'rotated',
        'limit_reached',
        'rate_limited',
        'not_found',
        'not_found',
        'parent_ended',
        'banned',
      ]);
    });

    it('is not done by asking whether it may be', async () => {
      const old = await add();
      const rotation = { rotatedAt: null, graceEndsAt: START + HOUR };
      const { session } = successorOf(old, START + MINUTE);
      const may = await store.checkRotation(session, rotation, LIMIT, START + MINUTE);
      expect(may).toEqual({ is: 'stored' });
      expect(await live(old, START + MINUTE)).toEqual(old);
      expect(await check(session)).toBeNull();
    });

    it('has its old one counted apart, and left out of the next expiry', async () => {
      const old = await add({ expiresAt: START + 2 * DAY });
      const { session } = await rotate(old);
      expect(await store.countLive(ANA, START + MINUTE)).toEqual([
        { type: 'api', count: 2, rotated: 1, nextExpiry: session.expiresAt },
      ]);
    });
  });

  describe('the successor', () => {
    it('is what took the place last, and the owner’s only', async () => {
      const old = await add();
      expect(await store.findSuccessor(ANA, old.id)).toBeNull();
      await rotate(old);
      const again = { at: START + 2 * MINUTE, rotatedAt: START + MINUTE };
      const { session } = await rotate(old, again);
      expect(await store.findSuccessor(ANA, old.id)).toEqual(session);
      expect(await store.findSuccessor(BEN, old.id)).toBeNull();
    });

    it('is the live one, though a clock that went back gave it an older id', async () => {
      const old = await add();
      await rotate(old, { at: START + HOUR, graceMs: DAY });
      const again = { at: START + MINUTE, rotatedAt: START + HOUR };
      const { session } = await rotate(old, again);
      expect(await store.findSuccessor(ANA, old.id)).toEqual(session);
    });

    it('is found after it ended', async () => {
      const old = await add();
      const { session } = await rotate(old);
      await endOne(session, START);
      expect(await store.findSuccessor(ANA, old.id)).toMatchObject({
        id: session.id,
        ended: { reason: 'revoked' },
      });
    });
  });
}
