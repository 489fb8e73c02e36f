import { beforeEach, describe, expect, it } from 'vitest';
import { ALL_NOTICES, NOTICES } from '../../src/core/accounts/notice.ts';
import { SYSTEM } from '../../src/core/actor.ts';
import type { Act, AuditAction } from '../../src/core/audit/audit.ts';
import type { Batch, Deletion } from '../../src/core/outbox/store.ts';
import type { NewSession } from '../../src/core/sessions/minted-token.ts';
import type { Session } from '../../src/core/sessions/session.ts';
import { hashToken } from '../../src/core/sessions/token.ts';
import type { Store } from '../../src/core/store.ts';
import type { Instant } from '../../src/core/time.ts';
import type { Limits } from '../../src/core/tokens/allowance.ts';
import { pendingRef } from '../../src/core/tokens/delivery.ts';
import {
  ANA,
  atMost,
  banBy,
  BEN,
  DAY,
  everythingOf,
  forget,
  HOUR,
  idAt,
  member,
  newSession,
  SECOND,
  STAFF,
  START,
} from '../support/fixtures.ts';

const LIMIT = atMost(1_000);
const MINUTE = 60 * SECOND;

const act = (at = START, userId = ANA): Act => ({ actor: member(userId), at });
const system = (at = START): Act => ({ actor: SYSTEM, at });
const login = { type: 'login', name: null } as const;
const user = { id: ANA, username: 'ana' };
const authorization = { user, scopes: [], expiresAt: START + DAY, checkedAt: START };

const successorOf = ({ id, userId }: Session, at: Instant): NewSession =>
  newSession({ userId, createdAt: at, expiresAt: at + DAY, replaces: id });

/** What each message says, of which sessions. */
const summary = (batches: readonly Batch[]) =>
  batches.map(
    ({ events }) => [events[0]?.action, events.map(({ session }) => session?.id)] as const,
  );

/** What every store has to do for tokens as they get old: rotation, reminders, notices, clean-up. */
export function describeLifeStore(name: string, open: () => Promise<Store>): void {
  describe(`the store over ${name}, in the life of a token`, () => {
    let store: Store;

    beforeEach(async () => {
      store = await open();
      return () => store.close();
    });

    /** So long after that the message is looked for. */
    const LOST_AFTER = 2 * MINUTE;

    const expectDelivery = (session: Session, at: Instant) =>
      store.expectDelivery(session, at + LOST_AFTER);

    /** One that is about to be sent. */
    async function expected(): Promise<NewSession> {
      const fresh = newSession();
      await expectDelivery(fresh.session, START);
      return fresh;
    }

    async function add(
      overrides: Partial<Session> = {},
      deletion?: Deletion | null,
    ): Promise<Session> {
      const fresh = newSession(overrides);
      const { createdAt, userId } = fresh.session;
      if (deletion !== undefined) await expectDelivery(fresh.session, createdAt);
      expect(await store.add(act(createdAt, userId), fresh, LIMIT, deletion)).toEqual({
        is: 'stored',
      });
      return fresh.session;
    }

    async function addSeveral(amount: number, overrides: Partial<Session> = {}) {
      const all: Session[] = [];
      for (let index = 0; index < amount; index += 1) all.push(await add(overrides));
      return all;
    }

    interface How {
      readonly at?: Instant;
      readonly graceMs?: number;
      readonly rotatedAt?: Instant | null;
      readonly limits?: Limits;
      readonly fresh?: NewSession;
      readonly deletion?: Deletion;
    }

    /** With an hour of grace, a minute after the start, unless told otherwise. */
    async function replace(old: Session, how: How = {}) {
      const { at = START + MINUTE, graceMs = HOUR, rotatedAt = null, limits = LIMIT } = how;
      const fresh = how.fresh ?? successorOf(old, at);
      const { session } = fresh;
      const rotation = { rotatedAt, graceEndsAt: at + graceMs };
      const may = await store.checkRotation(session, rotation, limits, at);
      const by = act(at, old.userId);
      await expectDelivery(session, at);
      const outcome = await store.replace(by, fresh, rotation, limits, how.deletion ?? null);
      return { is: outcome.is, outcome, may, session };
    }

    const live = (session: Session, at: Instant) => store.findLive(session.userId, session.id, at);
    const check = ({ id }: Session) => store.findByToken(hashToken(id));

    async function row({ userId, id }: Session): Promise<Session | undefined> {
      const { sessions } = await everythingOf(store, userId);
      return sessions.find((each) => each.id === id);
    }

    const actionsOf = async (userId = ANA): Promise<readonly AuditAction[]> =>
      (await everythingOf(store, userId)).audit.map(({ action }) => action);

    /** How often something happened to a member. */
    const times = async (action: AuditAction, userId = ANA) =>
      (await actionsOf(userId)).filter((each) => each === action).length;

    /** Takes and drops all that is owed to members. */
    async function owed(at = START + 9_999 * DAY): Promise<readonly Batch[]> {
      const batches: Batch[] = [];
      for (let index = 0; ; index += 1) {
        const id = idAt(at + index);
        const batch = await store.takeBatch(at, at + HOUR, id);
        if (batch === null) return batches;
        await store.dropBatch(batch.id);
        if (batch.recipient !== null) batches.push(batch);
      }
    }

    const mayAdd = (limits: Limits, at: Instant) => store.checkCreation(ANA, limits, at);

    const remind = (at: Instant, limit = 100) => store.remind(system(at), limit);

    const take = (at: Instant, again = at + 15 * SECOND) => store.takeDeletion(at, again);

    const ban = (at = START, userId = ANA) =>
      store.ban({ actor: STAFF, at }, userId, banBy({ actor: STAFF, at }), false);

    const touch = (session: Session, at: Instant) => store.touch(system(at), [[session.id, at]]);

    describe('a rotation with a grace', () => {
      it('leaves both live until the grace is over, and says so of the old one', async () => {
        const old = await add();
        const at = START + MINUTE;
        const { is, session } = await replace(old);
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
        await replace(old);
        expect(await row(old)).toMatchObject({ expiresAt: old.expiresAt });
        expect(await live(old, old.expiresAt - 1)).not.toBeNull();
        expect(await live(old, old.expiresAt)).toBeNull();
        const { audit } = await everythingOf(store, ANA);
        expect(audit[1]?.detail).toMatchObject({ graceEndsAt: old.expiresAt });
      });

      it('of no time ends the old one at once', async () => {
        const old = await add();
        await replace(old, { graceMs: 0 });
        expect(await live(old, START + MINUTE)).toBeNull();
        expect(await check(old)).toMatchObject({ endReason: 'rotated', rotatedAt: START + MINUTE });
        expect(await actionsOf()).toEqual(['session.created', 'session.rotated', 'session.ended']);
      });

      it('repeated ends the successor that nobody used, in favour of the new one', async () => {
        const old = await add();
        const lost = await replace(old);
        const again = await replace(old, { at: START + 2 * MINUTE, rotatedAt: START + MINUTE });
        expect(again.is).toBe('stored');
        expect(await check(lost.session)).toMatchObject({ endReason: 'rotated' });
        expect(await live(again.session, START + 2 * MINUTE)).toEqual(again.session);
        expect((await live(old, START + 2 * MINUTE))?.expiresAt).toBe(START + MINUTE + HOUR);
      });

      it('repeated never prolongs the first grace, but may cut it short', async () => {
        const old = await add();
        await replace(old);
        const second = START + 2 * MINUTE;
        await replace(old, { at: second, rotatedAt: START + MINUTE, graceMs: 7 * DAY });
        expect((await live(old, second))?.expiresAt).toBe(START + MINUTE + HOUR);
        await replace(old, { at: second + 1, rotatedAt: second, graceMs: 0 });
        expect(await live(old, second + 1)).toBeNull();
        expect(await check(old)).toMatchObject({ endReason: 'rotated' });
      });

      it('repeated leaves a successor that was used', async () => {
        const old = await add();
        const { session: used } = await replace(old);
        await touch(used, START + MINUTE);
        const again = await replace(old, { at: START + 2 * MINUTE, rotatedAt: START + MINUTE });
        expect(again.is).toBe('rotated');
        expect(await check(again.session)).toBeNull();
        expect(await live(used, START + 2 * MINUTE)).not.toBeNull();
      });

      it.each([
        ['with a grace', HOUR],
        ['without one', 0],
      ])('repeated leaves a successor that was rotated in turn, %s', async (_, graceMs) => {
        const old = await add();
        const { session: middle } = await replace(old);
        const second = START + 2 * MINUTE;
        const { session: last } = await replace(middle, { at: second, graceMs });
        const fork = await replace(old, { at: second + 1, rotatedAt: START + MINUTE });
        expect(fork.is).toBe('rotated');
        expect(await live(last, second + 1)).not.toBeNull();
        expect((await live(middle, second + 1)) === null).toBe(graceMs === 0);
      });

      it('repeated goes on after its successor was revoked, used or not', async () => {
        const old = await add();
        const { session: revoked } = await replace(old);
        await touch(revoked, START + MINUTE);
        const by = act(START + MINUTE);
        await store.end(by, ANA, { one: revoked.id, includeDescendants: false }, 'revoked');
        const again = await replace(old, { at: START + 2 * MINUTE, rotatedAt: START + MINUTE });
        expect(again.is).toBe('stored');
        expect(await check(revoked)).toMatchObject({ endReason: 'revoked' });
      });

      it('happens once when two ask at once, also where it is a repetition', async () => {
        const old = await add();
        const at = START + MINUTE;
        const first = await Promise.all([replace(old), replace(old), replace(old)]);
        expect(first.map(({ is }) => is).toSorted()).toEqual(['rotated', 'rotated', 'stored']);
        const again = { at: at + MINUTE, rotatedAt: at };
        const second = await Promise.all([replace(old, again), replace(old, again)]);
        expect(second.map(({ is }) => is).toSorted()).toEqual(['rotated', 'stored']);
        const { total } = await store.page({ userId: ANA, now: at + MINUTE });
        expect(total).toBe(2);
      });

      it('is refused to a session that has ended', async () => {
        const old = await add();
        const parent = await add();
        const by = act();
        await store.end(by, ANA, { one: parent.id, includeDescendants: false }, 'revoked');
        const at = START + MINUTE;
        const fresh = newSession({ createdAt: at, replaces: old.id, parentId: parent.id });
        expect((await replace(old, { fresh })).is).toBe('parent_ended');
        expect(await live(old, at)).toEqual(old);
      });

      it('may be asked for by the token itself, which is the parent of the new one', async () => {
        const old = await add();
        const fresh = newSession({
          createdAt: START + MINUTE,
          replaces: old.id,
          parentId: old.id,
        });
        expect((await replace(old, { fresh, graceMs: 0 })).is).toBe('stored');
        expect(await live(fresh.session, START + MINUTE)).toMatchObject({ parentId: old.id });
      });

      it('of itself by two at once is refused to the slower one as rotated', async () => {
        const old = await add();
        const byItself = () =>
          newSession({ createdAt: START + MINUTE, replaces: old.id, parentId: old.id });
        expect((await replace(old, { fresh: byItself(), graceMs: 0 })).is).toBe('stored');
        expect((await replace(old, { fresh: byItself(), graceMs: 0 })).is).toBe('rotated');
      });

      it('is refused when it was done as often within an hour as an account may', async () => {
        const limits = { maxApiTokens: 1, creationsPerHour: 1 };
        let last = await add();
        for (const at of [START + 1, START + 2]) {
          last = (await replace(last, { at, limits, graceMs: 0 })).session;
        }
        const refused = await replace(last, { at: START + 3, limits, graceMs: 0 });
        expect(refused.is).toBe('rate_limited');
        const wait = await replace(last, { at: START + HOUR, limits, graceMs: 0 });
        expect(wait.outcome).toEqual({
          is: 'rate_limited',
          what: 'rotated',
          most: 2,
          until: START + HOUR + 1,
        });
        const theirs = await add({ userId: BEN });
        expect((await replace(theirs, { at: START + 3, limits })).is).toBe('stored');
        const later = await replace(last, { at: START + HOUR + 1, limits, graceMs: 0 });
        expect(later.is).toBe('stored');
      });

      it('is not counted against the hour where a clock that was ahead dated it', async () => {
        const limits = { maxApiTokens: 1, creationsPerHour: 1 };
        let last = await add({ expiresAt: START + 400 * DAY });
        for (const index of [0, 1]) {
          last = (await replace(last, { at: START + 365 * DAY + index, graceMs: 0 })).session;
        }
        expect((await replace(last, { limits, graceMs: 0 })).is).toBe('stored');
      });

      it('keeps at most twice the limit live together, however often', async () => {
        const limits = atMost(2);
        const all = await addSeveral(2);
        const outcomes: string[] = [];
        for (let index = 0; index < 4; index += 1) {
          const at = START + index * MINUTE;
          const { is, session } = await replace(all[index]!, { at, limits, graceMs: DAY });
          outcomes.push(is);
          if (is === 'stored') all.push(session);
        }
        const at = START + HOUR;
        expect(outcomes).toEqual(['stored', 'stored', 'limit_reached', 'limit_reached']);
        expect((await store.page({ userId: ANA, now: at })).total).toBe(4);
        // What ends at once makes the room that it needs.
        expect((await replace(all[3]!, { at, limits, graceMs: 0 })).is).toBe('stored');
      });

      it('can be repeated at that limit: the lost one makes room', async () => {
        const limits = atMost(1);
        const old = await add();
        const { session: lost } = await replace(old, { limits });
        const again = { at: START + 2 * MINUTE, rotatedAt: START + MINUTE, limits };
        expect((await replace(old, again)).is).toBe('stored');
        expect(await live(lost, START + 2 * MINUTE)).toBeNull();
        const { total } = await store.page({ userId: ANA, now: START + 2 * MINUTE });
        expect(total).toBe(2);
      });

      it('counts the old one against the limit of new ones while it lives', async () => {
        const old = await add();
        await replace(old);
        const over = START + MINUTE + HOUR;
        expect(await mayAdd(atMost(2), over - 1)).toEqual({ is: 'limit_reached' });
        expect(await mayAdd(atMost(2), over)).toEqual({ is: 'stored' });
      });

      it('is refused beforehand for the reason for which it is refused then', async () => {
        const reasons: string[] = [];
        const refuse = async (old: Session, how?: How) => {
          const { may, outcome, is } = await replace(old, how);
          expect(may).toEqual(outcome);
          reasons.push(is);
        };
        const [old, left, parent] = [await add(), await add(), await add()];
        const { session: next } = await replace(old);
        await refuse(old);
        await touch(next, START + MINUTE);
        await refuse(old, { rotatedAt: START + MINUTE });
        await refuse(left, { limits: atMost(1) });
        await refuse(left, { limits: { maxApiTokens: 0, creationsPerHour: 0 }, graceMs: 0 });
        await refuse(await add(login));
        await refuse(left, { at: left.expiresAt });
        await store.end(act(), ANA, { one: parent.id, includeDescendants: false }, 'revoked');
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

      it('is counted apart, and left out of the next expiry', async () => {
        const old = await add({ expiresAt: START + 2 * DAY });
        const { session } = await replace(old);
        expect(await store.countLive(ANA, START + MINUTE)).toEqual([
          { type: 'api', count: 2, rotated: 1, nextExpiry: session.expiresAt },
        ]);
      });
    });

    describe('the successor', () => {
      it('is what took the place last, and the owner’s only', async () => {
        const old = await add();
        expect(await store.findSuccessor(ANA, old.id)).toBeNull();
        await replace(old);
        const again = { at: START + 2 * MINUTE, rotatedAt: START + MINUTE };
        const { session } = await replace(old, again);
        expect(await store.findSuccessor(ANA, old.id)).toEqual(session);
        expect(await store.findSuccessor(BEN, old.id)).toBeNull();
      });

      it('is the live one, though a clock that went back gave it an older id', async () => {
        const old = await add();
        await replace(old, { at: START + HOUR, graceMs: DAY });
        const again = { at: START + MINUTE, rotatedAt: START + HOUR };
        const { session } = await replace(old, again);
        expect(await store.findSuccessor(ANA, old.id)).toEqual(session);
      });

      it('is found after it ended', async () => {
        const old = await add();
        const { session } = await replace(old);
        await store.end(act(), ANA, { one: session.id, includeDescendants: false }, 'revoked');
        expect(await store.findSuccessor(ANA, old.id)).toMatchObject({
          id: session.id,
          ended: { reason: 'revoked' },
        });
      });
    });

    describe('the parent', () => {
      it('is what made a session, while that lives, and the owner’s only', async () => {
        const parent = await add();
        const child = await add({ parentId: parent.id });
        const find = (id: string, userId = ANA, at = START) => store.findLiveParent(userId, id, at);
        expect(await find(child.id)).toEqual(parent);
        expect(await find(parent.id)).toBeNull();
        expect(await find(idAt(START))).toBeNull();
        expect(await find(child.id, BEN)).toBeNull();
        expect(await find(child.id, ANA, parent.expiresAt)).toBeNull();
        await store.end(act(), ANA, { one: child.id, includeDescendants: false }, 'revoked');
        expect(await find(child.id)).toEqual(parent);
        await store.end(act(), ANA, { one: parent.id, includeDescendants: false }, 'revoked');
        expect(await find(child.id)).toBeNull();
      });
    });

    describe('a use', () => {
      it('that is the first of an API token is told its owner, once', async () => {
        const session = await add();
        await touch(session, START + 5);
        await touch(session, START + 6);
        await store.touch(system(), [
          [session.id, START + 7],
          [session.id, START + 4],
        ]);
        expect((await row(session))?.lastUsedAt).toBe(START + 7);
        expect(summary(await owed())).toEqual([['token.first_used', [session.id]]]);
      });

      it('of a login is not', async () => {
        const session = await add(login);
        await touch(session, START + 5);
        expect((await row(session))?.lastUsedAt).toBe(START + 5);
        expect(await times('token.first_used')).toBe(0);
      });

      it('of a token that was replaced, after its grace, is told its owner, once', async () => {
        const old = await add();
        await replace(old);
        await store.warnOfReuse(system(START + 2 * HOUR), [old.id, idAt(START), old.id]);
        await store.warnOfReuse(system(START + 3 * HOUR), [old.id]);
        const batches = await owed();
        expect(summary(batches)).toEqual([['token.reused', [old.id]]]);
        expect(batches[0]?.events[0]).toMatchObject({
          at: START + 2 * HOUR,
          detail: { hint: old.hint },
        });
        expect(await times('token.reused')).toBe(1);
      });
    });

    describe('reminders', () => {
      const of90Days = { expiresAt: START + 90 * DAY };
      const due = [76, 83, 89].map((day) => START + day * DAY);

      it('come 14, 7 and 1 day before the end, once each, and not a millisecond sooner', async () => {
        const session = await add(of90Days);
        for (const [index, at] of due.entries()) {
          expect(await remind(at - 1)).toBe(0);
          expect(await remind(at)).toBe(1);
          expect(await remind(at)).toBe(0);
          expect(await times('token.expiring')).toBe(index + 1);
        }
        expect((await owed()).flatMap(({ events }) => events)).toHaveLength(3);
        expect(await live(session, due[2]!)).toEqual(session);
      });

      it('that were missed are not made up for', async () => {
        await add(of90Days);
        expect(await remind(due[1]! + HOUR)).toBe(1);
        expect(await times('token.expiring')).toBe(1);
        expect(await remind(due[2]! - 1)).toBe(0);
        expect(await remind(due[2]!)).toBe(1);
        expect(await times('token.expiring')).toBe(2);
      });

      it('end with a last word if it was in use, and with none if it was not', async () => {
        const [used] = await addSeveral(2, of90Days);
        await touch(used!, used!.expiresAt - DAY);
        await remind(due[2]!);
        expect(await remind(used!.expiresAt)).toBe(2);
        expect(await remind(used!.expiresAt + 400 * DAY)).toBe(0);
        expect(await times('token.expired')).toBe(1);
        expect(summary(await owed()).at(-1)).toEqual(['token.expired', [used!.id]]);
      });

      it('of several that are due together are one message', async () => {
        const all = await addSeveral(12, of90Days);
        const theirs = await add({ ...of90Days, userId: BEN });
        expect(await remind(due[0]!)).toBe(13);
        const batches = await owed();
        // Those of one moment have no order among themselves.
        const mine = expect.toSatisfy((ids: readonly string[]) => ids.length === all.length);
        expect(summary(batches)).toEqual([
          ['token.expiring', mine],
          ['token.expiring', [theirs.id]],
        ]);
        expect(summary(batches)[0]?.[1]).toEqual(expect.arrayContaining(all.map(({ id }) => id)));
        expect(batches.map(({ recipient }) => recipient)).toEqual([ANA, BEN]);
      });

      it('of several that are due within half a day are one message too, each once', async () => {
        const all = [await add(of90Days)];
        for (const ms of [5 * MINUTE, HOUR, 12 * HOUR]) {
          all.push(await add({ createdAt: START + ms, expiresAt: START + ms + 90 * DAY }));
        }
        const later = START + 12 * HOUR + 1;
        const alone = await add({ createdAt: later, expiresAt: later + 90 * DAY });
        const theirs = await add({ ...of90Days, userId: BEN, expiresAt: START + 91 * DAY });
        const ids = all.map(({ id }) => id);
        for (const at of due) {
          expect(await remind(at)).toBe(1);
          expect(summary(await owed())).toEqual([['token.expiring', ids]]);
          expect(await remind(at + 12 * HOUR)).toBe(0);
          await remind(at + 12 * HOUR + 1);
          expect(summary(await owed())).toEqual([['token.expiring', [alone.id]]]);
          await remind(at + DAY);
          expect(summary(await owed())).toEqual([['token.expiring', [theirs.id]]]);
        }
      });

      it('tell of no end before it, whatever else is due', async () => {
        const ending = await add(of90Days);
        await touch(ending, ending.expiresAt - HOUR);
        await add({ expiresAt: ending.expiresAt + DAY - HOUR });
        await remind(due[2]!);
        await owed();
        await remind(ending.expiresAt - HOUR);
        expect(await times('token.expired')).toBe(0);
        await remind(ending.expiresAt);
        expect(await times('token.expired')).toBe(1);
        expect(summary(await owed()).at(-1)).toEqual(['token.expired', [ending.id]]);
      });

      it('of the next hours are not for what ended, was rotated, is let expire or is banned', async () => {
        await add(of90Days);
        const soon = { createdAt: START + HOUR, expiresAt: START + HOUR + 90 * DAY };
        const [ended, rotated, silent] = await addSeveral(3, soon);
        await store.end(
          act(START + HOUR),
          ANA,
          { one: ended!.id, includeDescendants: false },
          'revoked',
        );
        await replace(rotated!, { at: START + HOUR, graceMs: 100 * DAY });
        await store.stopReminders(ANA, silent!.id);
        await addSeveral(2, { ...of90Days, userId: BEN });
        await add({ ...soon, userId: BEN });
        await ban(START + HOUR, BEN);
        await remind(due[0]!);
        expect([await times('token.expiring'), await times('token.expiring', BEN)]).toEqual([1, 0]);
      });

      it('of one that was looked at late stand for the next ones, if those are near', async () => {
        const { id } = await add(of90Days);
        const at = due[1]! - HOUR;
        await remind(at);
        expect(summary(await owed())).toEqual([['token.expiring', [id]]]);
        expect(await remind(due[1]!)).toBe(0);
        expect(await remind(due[2]!)).toBe(1);
      });

      it('tell each owner of all at once, however few are looked at', async () => {
        const minutes = Array.from({ length: 8 }, (_, index) => START + index * MINUTE);
        for (const createdAt of minutes) {
          for (const userId of [ANA, BEN]) {
            await add({ userId, createdAt, expiresAt: createdAt + 90 * DAY });
          }
        }
        const at = due[0]! + 4 * MINUTE;
        expect(await remind(at, 4)).toBe(5);
        expect([await times('token.expiring'), await times('token.expiring', BEN)]).toEqual([8, 0]);
        expect(await remind(at, 4)).toBe(5);
        expect(await remind(at, 4)).toBe(0);
        expect((await owed()).map(({ events }) => events.length)).toEqual([8, 8]);
      });

      it('are looked at in slices, until there are none', async () => {
        for (let index = 0; index < 7; index += 1) await add({ ...of90Days, userId: `9${index}` });
        const slices: number[] = [];
        for (let index = 0; index < 4; index += 1) slices.push(await remind(due[0]!, 3));
        expect(slices).toEqual([3, 3, 1, 0]);
      });

      it('of an owner with very many are looked at in slices too, and leave none out', async () => {
        const all = await addSeveral(15, of90Days);
        const slices: number[] = [];
        for (let index = 0; index < 4; index += 1) slices.push(await remind(due[0]!, 3));
        expect(slices).toEqual([6, 6, 3, 0]);
        const [batch, ...others] = await owed();
        expect(others).toEqual([]);
        expect(batch?.events.map(({ sessionId }) => sessionId).toSorted()).toEqual(
          all.map(({ id }) => id).toSorted(),
        );
      });

      it('are for API tokens only, and not for short ones', async () => {
        await add({ ...login, expiresAt: START + 90 * DAY });
        await add({ expiresAt: START + 2 * DAY });
        expect(await remind(START + 400 * DAY)).toBe(0);
      });

      it('are not for what ended, was rotated or is of a banned account', async () => {
        const [ended, rotated] = await addSeveral(2, of90Days);
        await add({ ...of90Days, userId: BEN });
        await store.end(act(), ANA, { one: ended!.id, includeDescendants: false }, 'revoked');
        await replace(rotated!, { graceMs: 7 * DAY });
        await ban(START, BEN);
        await remind(due[0]!);
        expect([await times('token.expiring'), await times('token.expiring', BEN)]).toEqual([0, 0]);
        const told = (await owed()).flatMap(({ events }) => events.map(({ action }) => action));
        expect(told.filter((action) => action.startsWith('token.'))).toEqual([]);
      });

      it('do not even look at what was rotated, nor at a successor that was lost', async () => {
        const old = await add(of90Days);
        const longer = (at: Instant) =>
          newSession({ createdAt: at, expiresAt: at + 90 * DAY, replaces: old.id });
        const at = START + MINUTE;
        await replace(old, { fresh: longer(at), graceMs: 7 * DAY });
        const again = { at: at + MINUTE, rotatedAt: at, graceMs: 7 * DAY };
        await replace(old, { ...again, fresh: longer(again.at) });
        expect(await remind(due[0]!)).toBe(0);
        expect(await remind(due[0]! + HOUR)).toBe(1);
      });

      it('go on after a ban', async () => {
        await add(of90Days);
        await ban();
        await remind(due[0]!);
        await store.unban({ actor: STAFF, at: due[0]! }, ANA, null, null);
        expect(await remind(due[0]! + HOUR)).toBe(0);
        expect(await remind(due[1]!)).toBe(1);
        expect(await times('token.expiring')).toBe(1);
      });

      it('of a successor are reckoned from its own life', async () => {
        const old = await add(of90Days);
        const at = START + 80 * DAY;
        const fresh = newSession({ createdAt: at, expiresAt: at + 90 * DAY, replaces: old.id });
        await replace(old, { at, fresh });
        await remind(due[1]!);
        expect(await times('token.expiring')).toBe(0);
        await remind(at + 76 * DAY);
        expect(summary(await owed())).toEqual([['token.expiring', [fresh.session.id]]]);
      });

      it('can be stopped by the owner, the last word too, and by nobody else', async () => {
        const session = await add(of90Days);
        await store.stopReminders(BEN, session.id);
        expect(await remind(due[0]!)).toBe(1);
        await store.stopReminders(ANA, session.id);
        await touch(session, session.expiresAt - 1);
        expect(await remind(session.expiresAt)).toBe(0);
        expect(await times('token.expiring')).toBe(1);
      });

      it('come once though the clock goes a year ahead and back', async () => {
        await add(of90Days);
        await remind(due[0]!);
        await remind(due[0]! + 365 * DAY);
        for (const at of [...due, START + 90 * DAY]) expect(await remind(at)).toBe(0);
        expect(await times('token.expiring')).toBe(1);
      });
    });

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
        const signIn = newSession(login);
        await store.addLogin(act(), signIn, authorization, 50);
        await store.remind(system(START + 76 * DAY), 10);
        await store.warnOfReuse(system(), [old.id]);
        await store.endFound(act(START, BEN), [hashToken(old.id)], {
          as: 'reported',
          channelId: null,
        });
        expect((await owed()).map(({ events }) => events[0]?.action)).toEqual([
          'token.reused',
          'token.reported',
        ]);
      });

      it.each(['firstUse', 'login', 'expiry'] as const)('but %s leaves the others', async (off) => {
        const session = await add({ expiresAt: START + 90 * DAY });
        await store.saveNotice(ANA, off, false);
        await touch(session, START + 1);
        await store.addLogin(act(), newSession(login), authorization, 50);
        await store.remind(system(START + 76 * DAY), 10);
        const told = {
          firstUse: 'token.first_used',
          login: 'session.created',
          expiry: 'token.expiring',
        };
        const { [off]: _, ...left } = told;
        const actions = (await owed()).map(({ events }) => events[0]?.action);
        expect(new Set(actions)).toEqual(new Set(Object.values(left)));
      });

      it('is not sent while Discord refuses it, but for warnings, and is sent again then', async () => {
        const [one, two] = await addSeveral(2);
        await store.saveDmStatus(ANA, START);
        expect(await store.findNotices(ANA)).toEqual({ ...ALL_NOTICES, refusedAt: START });
        await touch(one!, START + 1);
        await store.warnOfReuse(system(), [one!.id]);
        expect(summary(await owed())).toEqual([['token.reused', [one!.id]]]);
        await store.saveDmStatus(ANA, null);
        expect(await store.findNotices(ANA)).toEqual(ALL_NOTICES);
        await touch(two!, START + 1);
        expect(summary(await owed())).toEqual([['token.first_used', [two!.id]]]);
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

      it('remembers nobody for a message alone', async () => {
        await store.saveDmStatus(ANA, START);
        expect(await store.findAccount(ANA)).toBeNull();
        expect(await store.findNotices(ANA)).toEqual(ALL_NOTICES);
      });
    });

    describe('a message with a token', () => {
      const messageRef = '5/8';
      const dueAt = START + HOUR;

      it('is to be deleted when its time has come, and not before', async () => {
        await add({}, { messageRef, dueAt });
        expect(await take(dueAt - 1)).toBeNull();
        expect(await take(dueAt)).toEqual({ messageRef, attempts: 1 });
      });

      it('is not where its token was not stored, or no deletion was asked for', async () => {
        const fresh = newSession();
        await expectDelivery(fresh.session, START);
        await store.add(act(), fresh, atMost(0), { messageRef, dueAt });
        await store.dropDeletion(pendingRef(fresh.session));
        await add({}, null);
        await add();
        expect(await take(dueAt)).toBeNull();
      });

      it('of a rotation is too', async () => {
        const old = await add();
        await replace(old, { deletion: { messageRef, dueAt } });
        expect(await take(dueAt)).toEqual({ messageRef, attempts: 1 });
      });

      it('once taken is due again at that time, and counts its attempts', async () => {
        await add({}, { messageRef, dueAt });
        await take(dueAt);
        expect(await take(dueAt + 15 * SECOND - 1)).toBeNull();
        expect(await take(dueAt + 15 * SECOND)).toMatchObject({ attempts: 2 });
      });

      it('can be put off, and lets others pass', async () => {
        await add({}, { messageRef, dueAt });
        await add({}, { messageRef: '5/9', dueAt: dueAt + 1 });
        await take(dueAt);
        await store.postponeDeletion(messageRef, dueAt + HOUR);
        expect(await take(dueAt + 1)).toMatchObject({ messageRef: '5/9' });
        expect(await take(dueAt + 2)).toBeNull();
        expect(await take(dueAt + HOUR)).toMatchObject({ messageRef: '5/9' });
        expect(await take(dueAt + HOUR)).toMatchObject({ messageRef, attempts: 2 });
      });

      it('is over once it is dropped, and the others are not', async () => {
        await add({}, { messageRef, dueAt });
        await add({}, { messageRef: '5/9', dueAt });
        await store.dropDeletion(messageRef);
        expect(await take(dueAt)).toMatchObject({ messageRef: '5/9' });
        expect(await take(dueAt)).toBeNull();
      });

      it('goes to one of two that ask at once', async () => {
        await add({}, { messageRef, dueAt });
        const taken = await Promise.all([take(dueAt), take(dueAt)]);
        expect(taken.filter((each) => each !== null)).toHaveLength(1);
      });

      it('does not wait for a time that a wrong clock gave it', async () => {
        await add({}, { messageRef, dueAt: START + 365 * DAY });
        await add({}, { messageRef: '5/9', dueAt: START + 2 * HOUR });
        expect(await take(START)).toMatchObject({ messageRef });
        expect(await take(START)).toBeNull();
      });
    });

    describe('a message with a token that is on its way', () => {
      const lostAt = START + LOST_AFTER;

      it('is looked for when its time has come, and not before', async () => {
        const { session } = await expected();
        expect(await take(lostAt - 1)).toBeNull();
        const messageRef = pendingRef(session);
        expect(await take(lostAt)).toEqual({ messageRef, attempts: 1 });
        expect(await take(lostAt + 15 * SECOND)).toEqual({ messageRef, attempts: 2 });
        await store.dropDeletion(messageRef);
        expect(await take(lostAt + HOUR)).toBeNull();
      });

      it('is not looked for once its token is stored, whether it stays or not', async () => {
        const old = await add({}, null);
        await replace(old);
        await add({}, { messageRef: '5/8', dueAt: START + HOUR });
        expect(await take(START + HOUR - 1)).toBeNull();
        expect(await take(START + HOUR)).toMatchObject({ messageRef: '5/8' });
      });

      it('is looked for where its token was refused', async () => {
        const fresh = await expected();
        expect((await store.add(act(), fresh, atMost(0), null)).is).toBe('limit_reached');
        expect(await take(lostAt)).toMatchObject({ messageRef: pendingRef(fresh.session) });
      });

      it('is for nothing once it has been looked for: its token is not stored any more', async () => {
        const old = await add();
        const fresh = await expected();
        const successor = successorOf(old, START);
        await expectDelivery(successor.session, START);
        await take(lostAt);
        await take(lostAt);
        const rotation = { rotatedAt: null, graceEndsAt: START };
        expect([
          await store.add(act(), fresh, LIMIT, null),
          await store.replace(act(), successor, rotation, LIMIT, null),
        ]).toEqual([{ is: 'retracted' }, { is: 'retracted' }]);
        const { sessions } = await everythingOf(store, ANA);
        expect(sessions).toEqual([old]);
        expect(await actionsOf()).toEqual(['session.created']);
      });

      it('is for nothing where nobody knows of it, and opens no account', async () => {
        const fresh = newSession();
        expect(await store.add(act(), fresh, LIMIT, null)).toEqual({ is: 'retracted' });
        expect(await store.findAccount(ANA)).toBeNull();
      });

      it('is looked for at once where its owner is forgotten', async () => {
        const { session } = await expected();
        await forget(store, act(), ANA);
        expect(await take(START)).toMatchObject({ messageRef: pendingRef(session) });
      });
    });

    describe('what is owed to members', () => {
      it('is a message for each kind, whatever happened in between', async () => {
        const [one, two] = await addSeveral(2);
        await touch(one!, START + 1);
        await store.warnOfReuse(system(START + 2), [one!.id]);
        await touch(two!, START + 3);
        expect(summary(await owed())).toEqual([
          ['token.first_used', [one!.id, two!.id]],
          ['token.reused', [one!.id]],
        ]);
      });

      it('is all in one message where tokens have expired together', async () => {
        const all = await addSeveral(12, { expiresAt: START + 90 * DAY });
        const { expiresAt } = all[0]!;
        for (const session of all) await touch(session, expiresAt - DAY);
        await owed();
        await remind(expiresAt);
        expect(summary(await owed())).toEqual([['token.expired', all.map(({ id }) => id)]]);
      });

      it('is eight at a time else, so that each has its buttons', async () => {
        const all = await addSeveral(11);
        for (const session of all) await touch(session, START + 1);
        expect((await owed()).map(({ events }) => events.length)).toEqual([8, 3]);
      });

      it('has the session as it is when it is taken; none where it is gone', async () => {
        const session = await add();
        await touch(session, START + 1);
        await store.end(
          act(START + 2),
          ANA,
          { one: session.id, includeDescendants: false },
          'revoked',
        );
        const first = await store.takeBatch(START + 3, START + HOUR, 'one');
        expect(first?.events[0]?.session).toMatchObject({ ended: { reason: 'revoked' } });
        await store.purge(START + 40 * DAY, 100, null);
        const second = await store.takeBatch(START + HOUR, START + 2 * HOUR, 'two');
        expect(second).toMatchObject({ id: 'one', events: [{ session: null }] });
      });

      it('does not wait for a time that a wrong clock gave it', async () => {
        const session = await add();
        await store.touch(system(START + 365 * DAY), [[session.id, START + 1]]);
        expect(await store.takeBatch(START, START + 5 * SECOND, 'one')).toMatchObject({
          recipient: ANA,
        });
        expect(await store.takeBatch(START, START + 5 * SECOND, 'two')).toBeNull();
      });
    });

    describe('forgetting a member', () => {
      it('leaves no choice, no message that is owed, and deletes what holds a token now', async () => {
        const session = await add({}, { messageRef: '5/8', dueAt: START + HOUR });
        await add({ userId: BEN }, { messageRef: '5/9', dueAt: START + HOUR });
        await store.saveNotice(ANA, 'expiry', false);
        await store.saveNotice(BEN, 'expiry', false);
        await touch(session, START + 1);
        await forget(store, act(START + 2), ANA);
        expect(await owed()).toEqual([]);
        expect(await store.findNotices(ANA)).toEqual(ALL_NOTICES);
        expect((await store.findNotices(BEN)).expiry).toBe(false);
        expect(await store.takeDeletion(START + 2, START + HOUR)).toMatchObject({
          messageRef: '5/8',
        });
        expect(await store.takeDeletion(START + 2, START + HOUR)).toBeNull();
      });

      it('while a message is under way leaves nothing when that comes back', async () => {
        const session = await add();
        await touch(session, START + 1);
        const batch = await store.takeBatch(START + 2, START + HOUR, 'one');
        await forget(store, act(START + 3), ANA);
        await store.saveDmStatus(ANA, START + 4);
        await store.dropBatch(batch!.id);
        await touch(session, START + 5);
        await store.warnOfReuse(system(START + 5), [session.id]);
        await store.stopReminders(ANA, session.id);
        expect(await store.findAccount(ANA)).toBeNull();
        expect(await everythingOf(store, ANA)).toMatchObject({
          sessions: [],
          audit: [],
          notices: ALL_NOTICES,
        });
      });

      it('is preceded by an export of what was chosen', async () => {
        await add();
        await store.saveNotice(ANA, 'login', false);
        await store.saveDmStatus(ANA, START);
        const { notices } = await everythingOf(store, ANA);
        expect(notices).toEqual({ ...ALL_NOTICES, login: false, refusedAt: START });
      });
    });
  });
}
