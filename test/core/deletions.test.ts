import { describe, expect, it, onTestFinished } from 'vitest';
import { createDeletions } from '../../src/core/deletions.ts';
import { upstream } from '../../src/core/errors.ts';
import { openStore } from '../../src/store/open.ts';
import {
  ANA,
  atMost,
  createClock,
  DAY,
  HOUR,
  member,
  newSession,
  SECOND,
} from '../support/fixtures.ts';

/** The real rows; `answer` is what Discord does with an attempt. */
function setUp(answer: (place: string, call: number) => Error | undefined = () => undefined) {
  const store = openStore(':memory:');
  onTestFinished(() => store.close());
  const clock = createClock();
  const tried: string[] = [];
  const failures: [attempts: number, givenUp: boolean][] = [];
  const open = () =>
    createDeletions({
      store,
      clock,
      deleteMessage: async (place) => {
        tried.push(place);
        const failure = answer(place, tried.length);
        if (failure !== undefined) throw failure;
      },
      onFailure: (_, { attempts }, givenUp) => failures.push([attempts, givenUp]),
    });
  const deletions = open();
  /** A message that is to be deleted in an hour. */
  const deliver = (place: string) =>
    store.add({ actor: member(ANA), at: clock() }, newSession(), atMost(1_000), {
      place,
      dueAt: clock() + HOUR,
    });
  /** Every five seconds, as the clockwork does it; returns when something was tried, in seconds. */
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
  return { clock, tried, failures, deliver, runFor, open, run: () => deletions.run() };
}

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

  it('is one of ten at a time, so that other chores get their turn', async () => {
    const { deliver, clock, run, tried } = setUp();
    for (let index = 0; index < 12; index += 1) await deliver(`${index}`);
    clock.advance(HOUR);
    await run();
    expect(tried).toHaveLength(10);
    await run();
    expect(new Set(tried).size).toBe(12);
  });
});
