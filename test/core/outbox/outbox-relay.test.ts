import { describe, expect, it, onTestFinished } from 'vitest';
import { SYSTEM } from '../../../src/core/actor.ts';
import { upstream } from '../../../src/core/errors.ts';
import { createOutboxRelay, type SendBatch } from '../../../src/core/outbox/outbox-relay.ts';
import type { Batch } from '../../../src/core/outbox/store.ts';
import { openStore } from '../../../src/store/sqlite/file/open.ts';
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
} from '../../support/fixtures.ts';

type Outcome = Awaited<ReturnType<SendBatch>>;

/** The real outbox; `answer` is what Discord does with a batch. */
function setUp(answer: (batch: Batch, call: number) => Outcome | Error = () => 'sent') {
  const store = openStore(':memory:');
  onTestFinished(() => store.close());
  const clock = createClock();
  const posted: Batch[] = [];
  const failures: [attempts: number, givenUp: boolean][] = [];
  const post: SendBatch = async (batch) => {
    posted.push(batch);
    const outcome = answer(batch, posted.length);
    if (outcome instanceof Error) throw outcome;
    return outcome;
  };
  const outboxRelay = createOutboxRelay({
    store,
    clock,
    random: seededRandom(),
    send: post,
    onFailure: (_, { attempts }, givenUp) => failures.push([attempts, givenUp]),
  });
  /** Something that the staff are to hear of. */
  const happen = (userId = '1') =>
    store.record({ actor: STAFF, at: clock(), userId, action: 'sessions.exported' });
  const told = () => posted.map(({ events }) => events.map(({ userId }) => userId).join());
  /** Returns when something was tried, from the beginning. */
  async function runFor(ms: number): Promise<number[]> {
    const start = clock();
    const times: number[] = [];
    while (clock() - start < ms) {
      const before = posted.length;
      await outboxRelay.run();
      if (posted.length > before) times.push(clock() - start);
      clock.advance(5 * SECOND);
    }
    return times;
  }
  const deliver = () => outboxRelay.run();
  return { store, clock, posted, failures, happen, told, deliver, runFor };
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
    const { clock, happen, posted, failures, runFor } = setUp((_, call) =>
      call > 3 ? 'sent' : oops(),
    );
    await happen();
    const start = clock();
    expect(await runFor(60 * SECOND)).toEqual([0, 5, 15, 35].map((seconds) => seconds * SECOND));
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

  it('never waits longer than an hour, and is given up after a day', async () => {
    const { happen, runFor, failures } = setUp(oops);
    await happen();
    const times = await runFor(2 * DAY);
    expect(failures).toEqual(times.map((_, index) => [index + 1, index === times.length - 1]));
    const waits = times.slice(1).map((at, index) => at - times[index]!);
    expect(Math.max(...waits)).toBe(HOUR);
    expect(times.at(-1)).toBeGreaterThan(20 * HOUR);
    expect(times.at(-1)).toBeLessThan(30 * HOUR);
  });

  it('outlives some hours without Discord', async () => {
    let isDown = true;
    const { happen, runFor, failures } = setUp(() => (isDown ? oops() : 'sent'));
    await happen();
    await runFor(8 * HOUR);
    const lost = failures.length;
    isDown = false;
    expect(await runFor(2 * HOUR)).toHaveLength(1);
    expect(failures).toHaveLength(lost);
  });

  it.each([
    ['as long as Discord says', 600 * SECOND, 600],
    ['no shorter than it would anyway', SECOND, 5],
    ['an hour at most', 5 * HOUR, 3_600],
  ])('that is held back waits %s', async (_, retryAfterMs, seconds) => {
    const { happen, runFor } = setUp((_batch, call) =>
      call > 1 ? 'sent' : upstream(oops(), retryAfterMs),
    );
    await happen();
    expect(await runFor(2 * HOUR)).toEqual([0, seconds * SECOND]);
  });

  it('is dropped at once where nobody will ever read it', async () => {
    const { clock, deliver, happen, posted, failures } = setUp(() => 'undeliverable');
    await happen();
    await deliver();
    clock.advance(DAY);
    await deliver();
    expect(posted).toHaveLength(1);
    expect(failures).toEqual([[1, true]]);
  });

  it('to one recipient does not wait for what another does not get', async () => {
    const { clock, deliver, happen, told } = setUp(({ events }) =>
      events[0]?.userId === 'bad' ? oops() : 'sent',
    );
    await happen('bad');
    await deliver();
    clock.advance(1);
    await happen('good');
    await deliver();
    expect(told()).toEqual(['bad', 'good']);
  });

  it('is brought ten messages at a time, so that other jobs get their turn', async () => {
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
    const stage = setUp(() => 'undeliverable');
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
    const stage = setUp((_, call) => (call === 1 ? 'undeliverable' : 'sent'));
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

  it.each(['obsolete', new Error('Discord does not answer')] as const)(
    'stays as reachable as before where it ends with %s',
    async (outcome) => {
      const stage = setUp(() => outcome);
      const { store, clock, deliver } = stage;
      const { id } = await use(stage);
      await store.saveDmStatus(OWNER, 7);
      await store.warnOfReuse({ actor: SYSTEM, at: clock() }, [id]);
      await deliver();
      expect((await store.findNotices(OWNER)).refusedAt).toBe(7);
    },
  );

  it('is not remembered for what the staff could not be told', async () => {
    const { store, deliver, happen } = setUp(() => 'undeliverable');
    await happen(OWNER);
    await deliver();
    expect((await store.findNotices(OWNER)).refusedAt).toBeNull();
  });
});
