import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Chore, createClockwork } from '../../src/core/clockwork.ts';
import type { Store } from '../../src/core/ports.ts';
import { openStore } from '../../src/store/open.ts';
import { createClock, DAY, interfering, SECOND, START } from '../support/fixtures.ts';

const YEAR = 365 * DAY;
const LEASE = 15 * SECOND;

/** A database, a clock, and processes on them whose chores note that they ran. */
function setUp({ through = (same: Store) => same } = {}) {
  const store = openStore(':memory:');
  onTestFinished(() => store.close());
  const clock = createClock();
  const failures: [string, string][] = [];

  function start(holder: string, chores: readonly Chore[]) {
    return createClockwork({
      store: through(store),
      clock,
      holder,
      chores,
      onError: (error, chore) => failures.push([chore, String(error)]),
    });
  }

  /** One chore, and when it ran, in seconds from the start. */
  function counting(holder: string, everyMs: number) {
    const ran: number[] = [];
    const run = async () => void ran.push((clock() - START) / SECOND);
    return { ran, ...start(holder, [{ name: 'chore', everyMs, run }]) };
  }

  return { store, clock, failures, start, counting };
}

describe('a chore', () => {
  it('is done at the first turn and then at its interval', async () => {
    const { clock, counting } = setUp();
    const { ran, turn } = counting('one', 10 * SECOND);
    for (let second = 0; second <= 30; second += 1) {
      await turn();
      clock.advance(SECOND);
    }
    expect(ran).toEqual([0, 10, 20, 30]);
  });

  it('is done at its own interval, whatever the others have', async () => {
    const { clock, start } = setUp();
    const ran: string[] = [];
    const chore = (name: string, everyMs: number): Chore => ({
      name,
      everyMs,
      run: async () => void ran.push(name),
    });
    const { turn } = start('one', [chore('often', SECOND), chore('seldom', 3 * SECOND)]);
    for (let second = 0; second < 4; second += 1) {
      await turn();
      clock.advance(SECOND);
    }
    expect(ran).toEqual(['often', 'seldom', 'often', 'often', 'often', 'seldom']);
  });

  it('that is late is done once, not as often as it was missed', async () => {
    const { clock, counting } = setUp();
    const { ran, turn } = counting('one', 10 * SECOND);
    await turn();
    clock.advance(DAY);
    await turn();
    await turn();
    expect(ran).toHaveLength(2);
  });

  it('that fails is told, is tried at its next time, and does not stop the others', async () => {
    const { clock, start, failures } = setUp();
    let done = 0;
    const { turn } = start('one', [
      { name: 'bad', everyMs: SECOND, run: () => Promise.reject(new Error('the disk is full')) },
      { name: 'good', everyMs: SECOND, run: async () => void (done += 1) },
    ]);
    await turn();
    await turn();
    expect([done, failures.length]).toEqual([1, 1]);
    clock.advance(SECOND);
    await turn();
    expect(done).toBe(2);
    expect(failures).toEqual([
      ['bad', 'Error: the disk is full'],
      ['bad', 'Error: the disk is full'],
    ]);
  });

  it('waits for the one before it', async () => {
    const { start } = setUp();
    const order: string[] = [];
    const chore = (name: string): Chore => ({
      name,
      everyMs: SECOND,
      async run() {
        order.push(`${name} begins`);
        await new Promise((resolve) => setImmediate(resolve));
        order.push(`${name} ends`);
      },
    });
    await start('one', [chore('a'), chore('b')]).turn();
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });
});

describe('a clock that jumps', () => {
  it('a year ahead and back neither stalls a chore nor repeats it wildly', async () => {
    const { clock, counting } = setUp();
    const { ran, turn } = counting('one', 10 * SECOND);
    await turn();
    clock.advance(YEAR);
    for (let second = 0; second < 10; second += 1) {
      await turn();
      clock.advance(SECOND);
    }
    clock.advance(-YEAR - 9 * SECOND);
    for (let second = 0; second < 20; second += 1) {
      await turn();
      clock.advance(SECOND);
    }
    expect(ran).toEqual([0, YEAR / SECOND, 1, 11]);
  });

  it('holds back for an hour what must not follow a wrong clock, and nothing else', async () => {
    const { clock, start } = setUp();
    const ran: string[] = [];
    const chore = (name: string, cautious: boolean): Chore => ({
      name,
      everyMs: SECOND,
      cautious,
      run: async () => void ran.push(name),
    });
    const { turn } = start('one', [chore('destroys', true), chore('tells', false)]);
    await turn();
    clock.advance(YEAR);
    await turn();
    clock.advance(-YEAR);
    await turn();
    expect(ran).toEqual(['destroys', 'tells', 'tells', 'tells']);
  });

  it('does not keep another process waiting for a lease from that year', async () => {
    const { clock, counting } = setUp();
    const [one, two] = [counting('one', SECOND), counting('two', SECOND)];
    clock.advance(YEAR);
    await one.turn();
    clock.advance(-YEAR);
    await two.turn();
    await one.turn();
    expect([one.ran.length, two.ran.length]).toEqual([1, 1]);
  });
});

describe('of two processes on one database', () => {
  it('only who has the lease works, and goes on having it', async () => {
    const { clock, counting } = setUp();
    const [one, two] = [counting('one', SECOND), counting('two', SECOND)];
    for (let second = 0; second < 60; second += 1) {
      await one.turn();
      await two.turn();
      clock.advance(SECOND);
    }
    expect([one.ran.length, two.ran.length]).toEqual([60, 0]);
  });

  it('the other takes over at once when one stops', async () => {
    const { counting } = setUp();
    const [one, two] = [counting('one', SECOND), counting('two', SECOND)];
    await one.turn();
    await two.turn();
    await one.stop();
    await two.turn();
    expect(two.ran).toEqual([0]);
  });

  it('the other takes over when the lease of one that died ends', async () => {
    const { clock, counting } = setUp();
    const [one, two] = [counting('one', SECOND), counting('two', SECOND)];
    await one.turn();
    clock.advance(LEASE - 1);
    await two.turn();
    expect(two.ran).toEqual([]);
    clock.advance(1);
    await two.turn();
    expect(two.ran).toHaveLength(1);
    await one.turn();
    expect(one.ran).toHaveLength(1);
  });

  it('one that never had the lease does not take it away by stopping', async () => {
    const { clock, counting } = setUp();
    const [one, two, three] = [counting('1', SECOND), counting('2', SECOND), counting('3', SECOND)];
    await one.turn();
    await two.turn();
    await two.stop();
    clock.advance(SECOND);
    await three.turn();
    expect(three.ran).toEqual([]);
  });
});

describe('the lease', () => {
  it('is asked for again only when less than half of it is left', async () => {
    let asked = 0;
    const { clock, counting } = setUp({
      through: (store) =>
        interfering(store, {
          takeLease: (...given) => {
            asked += 1;
            return store.takeLease(...given);
          },
        }),
    });
    const { turn } = counting('one', SECOND);
    for (let second = 0; second < 8; second += 1) {
      await turn();
      clock.advance(SECOND);
    }
    expect(asked).toBe(1);
    await turn();
    expect(asked).toBe(2);
  });

  it('that cannot be asked for is told, and nothing is done until it can', async () => {
    let broken = true;
    const { counting, failures } = setUp({
      through: (store) =>
        interfering(store, {
          takeLease: (...given) =>
            broken ? Promise.reject(new Error('busy')) : store.takeLease(...given),
        }),
    });
    const { ran, turn } = counting('one', SECOND);
    await turn();
    expect(ran).toEqual([]);
    expect(failures).toEqual([['lease', 'Error: busy']]);
    broken = false;
    await turn();
    expect(ran).toEqual([0]);
  });
});

describe('once started', () => {
  it('turns by itself, and stopping waits for what is under way and ends it', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { store, start } = setUp();
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const order: string[] = [];
    const clockwork = start('one', [
      {
        name: 'slow',
        everyMs: SECOND,
        async run() {
          order.push('begins');
          await held;
          order.push('ends');
        },
      },
      { name: 'never', everyMs: SECOND, run: async () => void order.push('never') },
    ]);
    clockwork.start();
    expect(order).toEqual([]);
    await vi.advanceTimersByTimeAsync(SECOND);
    expect(order).toEqual(['begins']);
    const stopping = clockwork.stop().then(() => order.push('stopped'));
    await vi.advanceTimersByTimeAsync(10 * SECOND);
    expect(order).toEqual(['begins']);
    release();
    await stopping;
    await vi.advanceTimersByTimeAsync(10 * SECOND);
    expect(order).toEqual(['begins', 'ends', 'stopped']);
    expect(vi.getTimerCount()).toBe(0);
    expect(await store.takeLease('clockwork', 'two', START, LEASE)).toBe(true);
  });

  it('turns again and again', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { clock, counting } = setUp();
    const { ran, ...clockwork } = counting('one', 2 * SECOND);
    clockwork.start();
    for (let second = 0; second < 5; second += 1) {
      await vi.advanceTimersByTimeAsync(SECOND);
      clock.advance(SECOND);
    }
    await clockwork.stop();
    expect(ran).toEqual([0, 2, 4]);
  });
});
