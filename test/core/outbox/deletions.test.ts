import { describe, expect, it, onTestFinished } from 'vitest';
import { upstream } from '../../../src/core/errors.ts';
import { createDeletions } from '../../../src/core/outbox/deletions.ts';
import type { UnstoredDelivery } from '../../../src/core/tokens/delivery.ts';
import { openStore } from '../../../src/store/sqlite/file/open.ts';
import {
  ANA,
  atMost,
  createClock,
  DAY,
  HOUR,
  member,
  newSession,
  SECOND,
} from '../../support/fixtures.ts';

type Answer = (what: string, call: number) => Error | undefined;

/**
 * The real rows; `answer` is what Discord does with an attempt, and the message with a lost token is there
 * from the attempt of that number on.
 */
function setUp(answer: Answer = () => undefined, thereFrom = 1) {
  const store = openStore(':memory:');
  onTestFinished(() => store.close());
  const clock = createClock();
  const tried: string[] = [];
  const failures: [attempts: number, givenUp: boolean][] = [];
  function attempt(what: string): void {
    tried.push(what);
    const failure = answer(what, tried.length);
    if (failure !== undefined) throw failure;
  }
  const open = () =>
    createDeletions({
      store,
      clock,
      deleteMessage: async (place) => attempt(place),
      async retract(lost: UnstoredDelivery) {
        attempt(`${lost.userId} ${lost.sessionId}`);
        return tried.length >= thereFrom;
      },
      onFailure: (_, { attempts }, givenUp) => failures.push([attempts, givenUp]),
    });
  const deletions = open();
  /** A message that is to be deleted in an hour. */
  async function deliver(messageRef: string): Promise<void> {
    const fresh = await send();
    const act = { actor: member(ANA), at: clock() };
    await store.add(act, fresh, atMost(1_000), { messageRef, dueAt: clock() + HOUR });
  }
  /** A token that is on its way, and is looked for in a minute. */
  async function send() {
    const fresh = newSession({ createdAt: clock() });
    await store.expectDelivery(fresh.session, clock() + MINUTE);
    return fresh;
  }
  /** Runs every five seconds; returns when something was tried, in seconds. */
  async function runFor(ms: number): Promise<number[]> {
    const start = clock();
    const times: number[] = [];
    while (clock() - start < ms) {
      const before = tried.length;
      await deletions.run();
      if (tried.length > before) times.push((clock() - start) / SECOND);
      clock.advance(5 * SECOND);
    }
    return times;
  }
  return { clock, tried, failures, deliver, send, runFor, open, run: () => deletions.run() };
}

const MINUTE = 60 * SECOND;
const oops = () => new Error('Discord does not answer');

describe('a message with a token', () => {
  it('is deleted an hour after it was sent, once', async () => {
    const { deliver, runFor, tried, failures } = setUp();
    await deliver('5/8');
    expect(await runFor(3 * HOUR)).toEqual([HOUR / SECOND]);
    expect([tried, failures]).toEqual([['5/8'], []]);
  });

  it('is deleted by the next process too: all that is known of it is a row', async () => {
    const { clock, deliver, tried, open } = setUp();
    await deliver('5/8');
    clock.advance(HOUR);
    await open().run();
    await open().run();
    expect(tried).toEqual(['5/8']);
  });

  it('is tried again, later each time, until it is gone', async () => {
    const { deliver, clock, runFor, failures } = setUp((_, call) =>
      call > 4 ? undefined : oops(),
    );
    await deliver('5/8');
    clock.advance(HOUR);
    expect(await runFor(HOUR)).toEqual([0, 15, 45, 105, 225]);
    expect(failures).toEqual([1, 2, 3, 4].map((attempts) => [attempts, false]));
  });

  it('never waits longer than an hour, and is given up after a day', async () => {
    const { deliver, clock, runFor, failures } = setUp(oops);
    await deliver('5/8');
    clock.advance(HOUR);
    const times = await runFor(2 * DAY);
    expect(failures).toEqual(times.map((_, index) => [index + 1, index === times.length - 1]));
    const waits = times.slice(1).map((at, index) => at - times[index]!);
    expect(Math.max(...waits)).toBe(HOUR / SECOND);
    expect(times.at(-1)).toBeGreaterThan((20 * HOUR) / SECOND);
    expect(times.at(-1)).toBeLessThan((30 * HOUR) / SECOND);
  });

  it.each([
    ['as long as Discord says', 600 * SECOND, 600],
    ['no shorter than it would anyway', SECOND, 15],
    ['an hour at most', 5 * HOUR, 3_600],
  ])('that is held back waits %s', async (_, retryAfterMs, seconds) => {
    const { deliver, clock, runFor } = setUp((_place, call) =>
      call > 1 ? undefined : upstream(oops(), retryAfterMs),
    );
    await deliver('5/8');
    clock.advance(HOUR);
    expect(await runFor(2 * HOUR)).toEqual([0, seconds]);
  });

  it('does not hold up the others when it fails', async () => {
    const { deliver, clock, run, tried } = setUp((place) => (place === '1' ? oops() : undefined));
    for (const place of ['1', '2', '3']) await deliver(place);
    clock.advance(HOUR);
    await run();
    expect(tried).toEqual(['1', '2', '3']);
  });

  it('is one of ten at a time, so that other jobs get their turn', async () => {
    const { deliver, clock, run, tried } = setUp();
    for (let index = 0; index < 12; index += 1) await deliver(`${index}`);
    clock.advance(HOUR);
    await run();
    expect(tried).toHaveLength(10);
    await run();
    expect(new Set(tried).size).toBe(12);
  });
});

describe('a message with a token that was never stored', () => {
  it('is found and taken back, once', async () => {
    const { send, runFor, tried, failures } = setUp();
    const { session } = await send();
    expect(await runFor(HOUR)).toEqual([MINUTE / SECOND]);
    expect([tried, failures]).toEqual([[`${ANA} ${session.id}`], []]);
  });

  it('is looked for again where it may still arrive', async () => {
    const { send, clock, runFor, failures } = setUp(() => undefined, 3);
    await send();
    clock.advance(MINUTE);
    expect(await runFor(HOUR)).toEqual([0, 15, 45]);
    expect(failures).toEqual([]);
  });

  it('is looked for a few times, and then it was never sent', async () => {
    const { send, clock, runFor, failures } = setUp(() => undefined, Infinity);
    await send();
    clock.advance(MINUTE);
    expect(await runFor(HOUR)).toEqual([0, 15, 45, 105]);
    expect(failures).toEqual([]);
  });

  it('is looked for until Discord answers', async () => {
    const { send, clock, runFor, failures } = setUp((_, call) => (call > 5 ? undefined : oops()));
    await send();
    clock.advance(MINUTE);
    expect(await runFor(HOUR)).toEqual([0, 15, 45, 105, 225, 465]);
    expect(failures).toHaveLength(5);
  });
});
