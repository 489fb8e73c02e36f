import { describe, expect, it, onTestFinished } from 'vitest';
import { SYSTEM } from '../../src/core/actor.ts';
import type { Batch } from '../../src/core/ports.ts';
import { createPostman, type Post } from '../../src/core/postman.ts';
import { openStore } from '../../src/store/open.ts';
import {
  atMost,
  createClock,
  DAY,
  HOUR,
  member,
  newSession,
  SECOND,
  seededRandom,
  STAFF,
} from '../support/fixtures.ts';

type Outcome = Awaited<ReturnType<Post>>;

/** The real outbox; `answer` is what Discord does with a batch. */
function setUp(answer: (batch: Batch, call: number) => Outcome | Error = () => 'posted') {
  const store = openStore(':memory:');
  onTestFinished(() => store.close());
  const clock = createClock();
  const posted: Batch[] = [];
  const failures: [attempts: number, givenUp: boolean][] = [];
  const post: Post = async (batch) => {
    posted.push(batch);
    const outcome = answer(batch, posted.length);
    if (outcome instanceof Error) throw outcome;
    return outcome;
  };
  const postman = createPostman({
    store,
    clock,
    random: seededRandom(),
    post,
    onFailure: (_, { attempts }, givenUp) => failures.push([attempts, givenUp]),
  });
  /** Something that the staff are to hear of. */
  const happen = (userId = '1') =>
    store.record({ actor: STAFF, at: clock(), userId, action: 'sessions.exported' });
  const told = () => posted.map(({ events }) => events.map(({ userId }) => userId).join());
  return { store, clock, posted, failures, happen, told, deliver: () => postman.deliver() };
}

const oops = () => new Error('Discord does not answer');

describe('what is owed', () => {
  it('is brought once', async () => {
    const { clock, deliver, happen, posted, failures } = setUp();
    await deliver();
    expect(posted).toEqual([]);
    await happen();
    await deliver();
    await deliver();
    clock.advance(DAY);
    await deliver();
    expect(posted).toMatchObject([{ recipient: null, attempts: 1, triedAt: null }]);
    expect(failures).toEqual([]);
  });

  it('is brought in the order in which it happened, as one message', async () => {
    const { deliver, happen, told } = setUp();
    for (const userId of ['1', '2', '3']) await happen(userId);
    await deliver();
    expect(told()).toEqual(['1,2,3']);
  });

  it('is tried again with the same id, later each time, until it arrives', async () => {
    const { clock, deliver, happen, posted, failures } = setUp((_, call) =>
      call > 3 ? 'posted' : oops(),
    );
    await happen();
    const tries: number[] = [];
    const start = clock();
    for (let second = 0; second < 60; second += 1) {
      const before = posted.length;
      await deliver();
      if (posted.length > before) tries.push((clock() - start) / SECOND);
      clock.advance(SECOND);
    }
    expect(tries).toEqual([0, 5, 15, 35]);
    expect(failures).toEqual([1, 2, 3].map((attempts) => [attempts, false]));
    expect(new Set(posted.map(({ id }) => id)).size).toBe(1);
    expect(posted.map(({ attempts }) => attempts)).toEqual([1, 2, 3, 4]);
    expect(posted.map(({ triedAt }) => triedAt && (triedAt - start) / SECOND)).toEqual([
      null,
      0,
      5,
      15,
    ]);
  });

  it('never waits longer than an hour, and is given up after twelve attempts', async () => {
    const { clock, deliver, happen, posted, failures } = setUp(oops);
    await happen();
    const start = clock();
    const tries: number[] = [];
    for (let turn = 0; turn < 2 * 24 * 60; turn += 1) {
      const before = posted.length;
      await deliver();
      if (posted.length > before) tries.push(clock() - start);
      clock.advance(60 * SECOND);
    }
    expect(failures).toEqual(Array.from({ length: 12 }, (_, index) => [index + 1, index === 11]));
    const waits = tries.slice(1).map((at, index) => at - tries[index]!);
    expect(Math.max(...waits)).toBe(HOUR);
  });

  it('is dropped at once where nobody will ever read it', async () => {
    const { clock, deliver, happen, posted, failures } = setUp(() => 'hopeless');
    await happen();
    await deliver();
    clock.advance(DAY);
    await deliver();
    expect(posted).toHaveLength(1);
    expect(failures).toEqual([[1, true]]);
  });

  it('to one recipient does not wait for what another does not get', async () => {
    const { clock, deliver, happen, told } = setUp(({ events }) =>
      events[0]?.userId === 'bad' ? oops() : 'posted',
    );
    await happen('bad');
    await deliver();
    clock.advance(1);
    await happen('good');
    await deliver();
    expect(told()).toEqual(['bad', 'good']);
  });

  it('is brought ten messages at a time, so that other chores get their turn', async () => {
    const { deliver, happen, posted } = setUp();
    for (let index = 0; index < 20 * 12; index += 1) await happen(`${index}`);
    await deliver();
    expect(posted).toHaveLength(10);
    await deliver();
    expect(posted).toHaveLength(12);
    const all = posted.flatMap(({ events }) => events.map(({ userId }) => Number(userId)));
    expect(all).toEqual(Array.from({ length: 240 }, (_, index) => index));
  });

  it('is brought later by another process if one died while it brought it', async () => {
    const { store, clock, deliver, happen, posted } = setUp();
    await happen();
    const lost = await store.takeBatch(clock(), clock() + 5 * SECOND, 'lost');
    await deliver();
    expect(posted).toEqual([]);
    clock.advance(5 * SECOND);
    await deliver();
    expect(posted).toMatchObject([{ id: lost?.id, attempts: 2 }]);
  });
});

describe('a member', () => {
  const OWNER = '5';

  /** Something that its owner is to hear of: a first use. */
  async function use({ store, clock }: ReturnType<typeof setUp>) {
    const fresh = newSession({ userId: OWNER });
    await store.add({ actor: member(OWNER), at: clock() }, fresh, atMost(1_000));
    await store.touch({ actor: SYSTEM, at: clock() }, [[fresh.session.id, clock()]]);
    return fresh.session;
  }

  it('whom Discord keeps from us is remembered, and not written to again', async () => {
    const stage = setUp(() => 'hopeless');
    const { store, clock, posted, deliver } = stage;
    await use(stage);
    await deliver();
    expect((await store.findNotices(OWNER)).refusedAt).toBe(clock());
    for (let day = 0; day < 3; day += 1) {
      clock.advance(DAY);
      await use(stage);
      await deliver();
    }
    expect(posted).toHaveLength(1);
  });

  it('gets a warning all the same, and everything again once that arrived', async () => {
    const stage = setUp((_, call) => (call === 1 ? 'hopeless' : 'posted'));
    const { store, clock, posted, deliver } = stage;
    const { id } = await use(stage);
    await deliver();
    await store.warnOfReuse({ actor: SYSTEM, at: clock() }, [id]);
    await deliver();
    expect(posted.map(({ events }) => events[0]?.action)).toEqual([
      'token.first_used',
      'token.reused',
    ]);
    expect((await store.findNotices(OWNER)).refusedAt).toBeNull();
    await use(stage);
    await deliver();
    expect(posted).toHaveLength(3);
  });

  it.each(['pointless', new Error('Discord does not answer')] as const)(
    'stays as reachable as before where it ends with %s',
    async (outcome) => {
      const stage = setUp(() => outcome);
      const { store, clock, deliver } = stage;
      const { id } = await use(stage);
      await store.saveReach(OWNER, 7);
      await store.warnOfReuse({ actor: SYSTEM, at: clock() }, [id]);
      await deliver();
      expect((await store.findNotices(OWNER)).refusedAt).toBe(7);
    },
  );

  it('is not remembered for what the staff could not be told', async () => {
    const { store, deliver, happen } = setUp(() => 'hopeless');
    await happen(OWNER);
    await deliver();
    expect((await store.findNotices(OWNER)).refusedAt).toBeNull();
  });
});
