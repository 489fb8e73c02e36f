import { beforeEach, describe, expect, it } from 'vitest';
import {
  MOST_REQUESTS,
  type Request,
  REQUEST_LIFETIME_MS,
} from '../../../../src/core/requests/request.ts';
import {
  ANA,
  atMost,
  BEN,
  DAY,
  forget,
  HOUR,
  idAt,
  newSession,
  SECOND,
  seededRandom,
  START,
} from '../../../support/fixtures.ts';
import {
  act,
  actionsOf,
  add,
  ban,
  events,
  expectDelivery,
  KEEPER,
  LIMIT,
  owed,
  row,
  staff,
  store,
  system,
} from '../stage.ts';

let asked = 0;

const newRequest = (overrides: Partial<Request> = {}): Request => {
  asked += 1;
  const createdAt = overrides.createdAt ?? START;
  return {
    id: idAt(createdAt, seededRandom(`request ${asked}`)),
    userId: ANA,
    name: 'lamp',
    scope: 'lamps:all lamps:read',
    why: 'for the club',
    createdAt,
    expiresAt: createdAt + 90 * DAY,
    lapsesAt: createdAt + REQUEST_LIFETIME_MS,
    approved: null,
    ...overrides,
  };
};

async function open(overrides: Partial<Request> = {}): Promise<Request> {
  const request = newRequest(overrides);
  const { createdAt, userId } = request;
  const opened = await store.openRequest(act(createdAt, userId), request, MOST_REQUESTS);
  expect(opened).toEqual({ is: 'opened' });
  return request;
}

const LATER = START + HOUR;

/** A token for what was asked. */
const forRequest = ({ userId, name, scope }: Request, at = LATER) =>
  newSession({ userId, name, scope, createdAt: at, expiresAt: at + DAY });

const issue = async (request: Request, fresh = forRequest(request), limits = LIMIT) => {
  const at = fresh.session.createdAt;
  await expectDelivery(fresh.session, at);
  const by = act(at, fresh.session.userId);
  return store.issueRequest(by, request.id, { ...fresh, approvedBy: KEEPER }, limits, null);
};

/** What members ask the staff for. */
export function describeRequestStore(): void {
  describe('a request', () => {
    it('is kept as it was asked, with an account for who asks, and is found', async () => {
      const request = await open();
      expect(await store.findRequest(request.id, START)).toEqual(request);
      expect(await store.requestsOf(ANA, START)).toEqual([request]);
      expect(await store.requestsOf(BEN, START)).toEqual([]);
      expect(await store.countRequests(START)).toBe(1);
      expect(await store.findAccount(ANA)).toMatchObject({ userId: ANA, createdAt: START });
    });

    it('is found by no other id, nor by what is none', async () => {
      await open();
      for (const id of [newRequest().id, '', "'", '0']) {
        expect(await store.findRequest(id, START)).toBeNull();
        expect(await store.approveRequest(staff(), id)).toBeNull();
        expect(await store.denyRequest(staff(), id, null)).toBeNull();
      }
    });

    it('is told to the staff, alone in its message', async () => {
      await open();
      await store.ban(staff(), BEN, { ...BAN, at: START }, false);
      await open();
      const sent = await owed();
      expect(sent.filter(([recipient]) => recipient === null)).toEqual([
        [null, ['request.opened']],
        [null, ['account.banned']],
        [null, ['request.opened']],
      ]);
    });

    it('is one of at most so many that wait, each member by themselves', async () => {
      for (let count = 0; count < MOST_REQUESTS; count += 1) await open();
      const more = await store.openRequest(act(), newRequest(), MOST_REQUESTS);
      expect(more).toEqual({ is: 'too_many' });
      await open({ userId: BEN });
      expect(await store.requestsOf(ANA, START)).toHaveLength(MOST_REQUESTS);
      expect(await actionsOf()).toHaveLength(MOST_REQUESTS);
      const at = START + REQUEST_LIFETIME_MS;
      await open({ createdAt: at });
    });

    it('is one of at most so many when all are asked at once', async () => {
      const all = Array.from({ length: MOST_REQUESTS + 3 }, () =>
        store.openRequest(act(), newRequest(), MOST_REQUESTS),
      );
      const opened = (await Promise.all(all)).filter(({ is }) => is === 'opened');
      expect(opened).toHaveLength(MOST_REQUESTS);
      expect(await store.requestsOf(ANA, START)).toHaveLength(MOST_REQUESTS);
    });

    it('is not kept for who is banned, and leaves nothing', async () => {
      await ban();
      const before = await events();
      expect(await store.openRequest(act(), newRequest(), 3)).toEqual({ is: 'banned' });
      expect(await store.requestsOf(ANA, START)).toEqual([]);
      expect(await events()).toEqual(before);
    });

    it('is there until the millisecond before it lapses', async () => {
      const request = await open();
      const { lapsesAt } = request;
      expect(await store.findRequest(request.id, lapsesAt - 1)).not.toBeNull();
      expect(await store.findRequest(request.id, lapsesAt)).toBeNull();
      expect(await store.requestsOf(ANA, lapsesAt)).toEqual([]);
      expect(await store.countRequests(lapsesAt)).toBe(0);
      expect(await store.approveRequest(staff(lapsesAt), request.id)).toBeNull();
      expect(await store.denyRequest(staff(lapsesAt), request.id, null)).toBeNull();
    });
  });

  describe('the approval of a request', () => {
    let request: Request;

    beforeEach(async () => {
      request = await open();
    });

    it('names who approved, waits for its member as long as the request did, and is written down', async () => {
      const approved = await store.approveRequest(staff(LATER), request.id);
      expect(approved).toEqual({
        ...request,
        lapsesAt: LATER + REQUEST_LIFETIME_MS,
        approved: { at: LATER, by: KEEPER },
      });
      expect(await store.findRequest(request.id, LATER)).toEqual(approved);
      expect(await store.countRequests(LATER)).toBe(0);
      expect((await events()).at(-1)).toMatchObject({
        action: 'request.approved',
        actorId: KEEPER,
        userId: ANA,
        detail: { request: request.id, scope: request.scope },
      });
      expect((await store.history({ ...all, limit: 9 })).length).toBe(0);
    });

    it('is one when two approve at once, or one denies meanwhile', async () => {
      const two = await Promise.all([
        store.approveRequest(staff(LATER), request.id),
        store.approveRequest(staff(LATER + 1), request.id),
      ]);
      expect(two.filter((each) => each !== null)).toHaveLength(1);
      expect(await store.denyRequest(staff(LATER), request.id, null)).toBeNull();
      const another = await open();
      const both = await Promise.all([
        store.denyRequest(staff(LATER), another.id, null),
        store.approveRequest(staff(LATER), another.id),
      ]);
      expect(both.filter((each) => each !== null)).toHaveLength(1);
    });

    it('becomes a token once, and names in the audit who approved', async () => {
      await store.approveRequest(staff(LATER), request.id);
      const fresh = forRequest(request);
      expect(await issue(request, fresh)).toEqual({ is: 'stored' });
      expect(await row(fresh.session)).toEqual(fresh.session);
      expect(await store.findRequest(request.id, LATER)).toBeNull();
      expect((await events()).at(-1)).toMatchObject({
        action: 'session.created',
        detail: { approvedBy: KEEPER, scope: request.scope },
      });
      const second = forRequest(request);
      expect(await issue(request, second)).toEqual({ is: 'request_over' });
      expect(await row(second.session)).toBeUndefined();
    });

    it('becomes one token when its member presses twice at once', async () => {
      await store.approveRequest(staff(LATER), request.id);
      const both = await Promise.all([issue(request), issue(request)]);
      expect(both.map(({ is }) => is).toSorted()).toEqual(['request_over', 'stored']);
      expect(await store.history({ ...all, limit: 9 })).toHaveLength(1);
    });

    it('is needed for a token, and is its own member’s', async () => {
      expect(await issue(request)).toEqual({ is: 'request_over' });
      await store.approveRequest(staff(LATER), request.id);
      const bens = newSession({ userId: BEN, createdAt: LATER });
      expect(await issue(request, bens)).toEqual({ is: 'request_over' });
      expect(await store.history({ ...all, limit: 9 })).toEqual([]);
      expect(await store.findRequest(request.id, LATER)).not.toBeNull();
    });

    it('stays where the token cannot be stored', async () => {
      await store.approveRequest(staff(LATER), request.id);
      await add();
      expect(await issue(request, forRequest(request), atMost(1))).toEqual({ is: 'limit_reached' });
      const unexpected = forRequest(request);
      expect(await store.issueRequest(act(LATER), request.id, unexpected, LIMIT, null)).toEqual({
        is: 'retracted',
      });
      await ban(LATER);
      expect(await issue(request)).toEqual({ is: 'banned' });
      expect(await store.findRequest(request.id, LATER)).not.toBeNull();
    });
  });

  describe('a denied request', () => {
    it('is gone, and its member is told why', async () => {
      const request = await open();
      await owed();
      expect(await store.denyRequest(staff(LATER), request.id, 'not now')).toEqual(request);
      expect(await store.findRequest(request.id, LATER)).toBeNull();
      expect((await events()).at(-1)).toMatchObject({
        action: 'request.denied',
        detail: { name: 'lamp', reason: 'not now' },
      });
      expect(await owed()).toEqual([[ANA, ['request.denied']]]);
      expect(await store.denyRequest(staff(LATER), request.id, 'again')).toBeNull();
      for (const { id } of [await open(), await open()]) {
        await store.denyRequest(staff(LATER), id, 'long');
      }
      expect((await owed()).filter(([recipient]) => recipient === ANA)).toEqual([
        [ANA, ['request.denied']],
        [ANA, ['request.denied']],
      ]);
    });
  });

  describe('requests that lapse', () => {
    it('go a few at a time, told to their members, and to the staff where nobody answered', async () => {
      const first = await open();
      await open({ userId: BEN });
      await store.approveRequest(staff(START), first.id);
      const young = await open({ createdAt: START + SECOND });
      await owed();
      const at = START + REQUEST_LIFETIME_MS;
      expect(await store.lapseRequests(system(at), 1)).toBe(1);
      expect(await store.lapseRequests(system(at), 5)).toBe(1);
      expect(await store.lapseRequests(system(at), 5)).toBe(0);
      expect(await store.findRequest(young.id, at)).toEqual(young);
      const lapsed = (await events()).filter(({ action }) => action === 'request.lapsed');
      expect(
        lapsed.map(({ userId, detail }) => `${userId} ${String(detail['approved'])}`).toSorted(),
      ).toEqual([`${ANA} true`, `${BEN} false`]);
      const told = (await owed()).map(([recipient]) => recipient ?? 'staff');
      expect(told.toSorted()).toEqual([ANA, BEN, 'staff']);
    });
  });

  describe('a member who is forgotten', () => {
    it('leaves no request, and nothing of what they or the staff wrote', async () => {
      await open({ why: 'a secret reason', name: 'a secret name' });
      const denied = await open();
      await store.denyRequest(staff(LATER), denied.id, 'a secret answer');
      await forget(store, act(LATER), ANA);
      expect(await store.requestsOf(ANA, LATER)).toEqual([]);
      expect(await store.countRequests(LATER)).toBe(0);
      expect(JSON.stringify(await events())).not.toMatch(/secret|100000000000000001/);
    });
  });
}

const all = { userId: ANA, now: LATER, state: 'all' } as const;

const BAN = { source: 'staff', until: null, by: KEEPER, reason: null, isReasonTold: true } as const;
