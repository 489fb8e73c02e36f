import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createScheduler, type Job } from '../../../src/core/jobs/scheduler.ts';
import type { Store } from '../../../src/core/store.ts';
import { openStore } from '../../../src/store/sqlite/file/open.ts';
import { createClock, DAY, interfering, SECOND, START } from '../../support/fixtures.ts';

const YEAR = 365 * DAY;
const LEASE = 15 * SECOND;

/** A database, a clock, and processes on them whose jobs note that they ran. */
function setUp({ through = (same: Store) => same, steadyFor = () => YEAR } = {}) {
  const store = openStore(':memory:');
  onTestFinished(() => store.close());
  const clock = createClock();
  const failures: [string, string][] = [];

  /** Its clock may be behind by so many milliseconds. */
  function start(holder: string, jobs: readonly Job[], behindMs = 0, onLease = () => {}) {
    return createScheduler({
      onLease,
      store: through(store),
      clock: () => clock() - behindMs,
      // Steady unless a test says otherwise.
      clockStability: { stableForMs: async () => steadyFor() },
      holder,
      random: () => 0.5,
      jobs,
      onError: (error, job) => failures.push([job, String(error)]),
    });
  }

  /** One job, and when it ran, in seconds from the start. */
  function counting(holder: string, everyMs: number, behindMs?: number) {
    const ran: number[] = [];
    const run = async () => void ran.push((clock() - START) / SECOND);
    return { ran, ...start(holder, [{ name: 'job', everyMs, run }], behindMs) };
  }

  return { store, clock, failures, start, counting };
}

describe('the lease', () => {
  it('is for who has a chore to do, and is said to be there when it is had', async () => {
    const { clock, start } = setUp();
    const had: string[] = [];
    const chore: Job = { name: 'job', everyMs: SECOND, run: async () => {} };
    const everywhere = start('one', [{ ...chore, everywhere: true }]);
    const [two, three] = ['two', 'three'].map((holder) =>
      start(holder, [chore], 0, () => void had.push(holder)),
    );
    const turn = async () => {
      for (const each of [everywhere, two!, three!]) await each.tick();
      return [everywhere, two!, three!].map(({ leads }) => leads());
    };
    expect(await turn()).toEqual([false, true, false]);
    clock.advance(LEASE / 2);
    expect(await turn()).toEqual([false, true, false]);
    expect(had).toEqual(['two']);
    await two!.stop();
    await three!.tick();
    expect([two!.leads(), three!.leads()]).toEqual([false, true]);
    expect(had).toEqual(['two', 'three']);
    clock.advance(LEASE);
    expect([everywhere, two!, three!].map(({ leads }) => leads())).toEqual([false, false, false]);
  });
});

describe('the lease at the start', () => {
  it('is had before the first turn', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { counting } = setUp();
    const { ran, ...scheduler } = counting('one', SECOND);
    scheduler.start();
    await vi.advanceTimersByTimeAsync(0);
    expect(scheduler.leads()).toBe(true);
    expect(ran).toEqual([]);
    await scheduler.stop();
  });

  it('that cannot be asked for is told, and is asked for again at the turn', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    let isAway = true;
    const { counting, failures } = setUp({
      through: (store) =>
        interfering(store, {
          takeLease: async (...given) =>
            isAway ? Promise.reject(new Error('away')) : store.takeLease(...given),
        }),
    });
    const scheduler = counting('one', SECOND);
    scheduler.start();
    await vi.advanceTimersByTimeAsync(0);
    expect(failures).toEqual([['lease', 'Error: away']]);
    isAway = false;
    await vi.advanceTimersByTimeAsync(SECOND);
    expect(scheduler.leads()).toBe(true);
    await scheduler.stop();
  });
});

describe('a job', () => {
  it('is done at the first turn and then at its interval', async () => {
    const { clock, counting } = setUp();
    const { ran, tick: turn } = counting('one', 10 * SECOND);
    for (let second = 0; second <= 30; second += 1) {
      await turn();
      clock.advance(SECOND);
    }
    expect(ran).toEqual([0, 10, 20, 30]);
  });

  it('is done at its own interval, whatever the others have', async () => {
    const { clock, start } = setUp();
    const ran: string[] = [];
    const job = (name: string, everyMs: number): Job => ({
      name,
      everyMs,
      run: async () => void ran.push(name),
    });
    const { tick: turn } = start('one', [job('often', SECOND), job('seldom', 3 * SECOND)]);
    for (let second = 0; second < 4; second += 1) {
      await turn();
      clock.advance(SECOND);
    }
    expect(ran).toEqual(['often', 'seldom', 'often', 'often', 'often', 'seldom']);
  });

  it('that is late is done once, not as often as it was missed', async () => {
    const { clock, counting } = setUp();
    const { ran, tick: turn } = counting('one', 10 * SECOND);
    await turn();
    clock.advance(DAY);
    await turn();
    await turn();
    expect(ran).toHaveLength(2);
  });

  it('that fails is told, is tried again, and does not stop the others', async () => {
    const { clock, start, failures } = setUp();
    let done = 0;
    const { tick: turn } = start('one', [
      { name: 'bad', everyMs: SECOND, run: () => Promise.reject(new Error('the disk is full')) },
      { name: 'good', everyMs: SECOND, run: async () => void (done += 1) },
    ]);
    await turn();
    await turn();
    expect([done, failures.length]).toEqual([1, 1]);
    clock.advance(3 * SECOND);
    await turn();
    expect(done).toBe(2);
    expect(failures).toEqual([
      ['bad', 'Error: the disk is full'],
      ['bad', 'Error: the disk is full'],
    ]);
  });

  it('that fails again and again is tried less often, until it succeeds', async () => {
    const { clock, start } = setUp();
    const ran: number[] = [];
    const { tick: turn } = start('one', [
      {
        name: 'bad',
        everyMs: SECOND,
        run: async () => {
          ran.push((clock() - START) / SECOND);
          if (ran.length < 4) throw new Error('the disk is full');
        },
      },
    ]);
    for (let second = 0; second < 30; second += 1) {
      await turn();
      clock.advance(SECOND);
    }
    expect(ran.slice(0, 6)).toEqual([0, 3, 8, 17, 18, 19]);
  });

  it('that fails for long is tried every five minutes at least', async () => {
    const { clock, start } = setUp();
    const ran: number[] = [];
    const { tick: turn } = start('one', [
      {
        name: 'bad',
        everyMs: SECOND,
        run: () => {
          ran.push(clock());
          return Promise.reject(new Error('the disk is full'));
        },
      },
    ]);
    for (let second = 0; second < 3_600; second += 1) {
      await turn();
      clock.advance(SECOND);
    }
    expect(ran.at(-1)! - ran.at(-2)!).toBeLessThanOrEqual(301 * SECOND);
    expect(ran.length).toBeLessThan(25);
  });

  it('that takes long neither holds up the others nor is begun again meanwhile', async () => {
    const { clock, start } = setUp();
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const order: string[] = [];
    const { tick: turn } = start('one', [
      { name: 'slow', everyMs: SECOND, run: () => (order.push('slow'), held) },
      { name: 'quick', everyMs: SECOND, run: async () => void order.push('quick') },
    ]);
    const first = turn();
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(SECOND);
    await turn();
    expect(order).toEqual(['slow', 'quick', 'quick']);
    release();
    await first;
    await turn();
    expect(order).toEqual(['slow', 'quick', 'quick', 'slow']);
  });

  it('has its interval changed by chance, by a tenth at most', async () => {
    const { store, clock } = setUp();
    const gaps: number[] = [];
    for (const chance of [0, 0.5, 1]) {
      const ran: number[] = [];
      const scheduler = createScheduler({
        store,
        clock,
        clockStability: { stableForMs: async () => YEAR },
        holder: 'one',
        random: () => chance,
        jobs: [{ name: 'job', everyMs: 100 * SECOND, run: async () => void ran.push(clock()) }],
        onError: () => {},
      });
      await scheduler.tick();
      while (ran.length < 2) {
        clock.advance(SECOND);
        await scheduler.tick();
      }
      gaps.push((ran[1]! - ran[0]!) / SECOND);
      await scheduler.stop();
    }
    expect(gaps).toEqual([90, 100, 110]);
  });

  it('of each process runs without the lease', async () => {
    const { clock, start } = setUp();
    const ran: string[] = [];
    const job = (holder: string): Job => ({
      name: 'job',
      everyMs: SECOND,
      everywhere: true,
      run: async () => void ran.push(holder),
    });
    const [one, two] = [start('one', [job('one')]), start('two', [job('two')])];
    for (const { tick: turn } of [one, two, one, two]) {
      await turn();
      clock.advance(SECOND);
    }
    expect(ran).toEqual(['one', 'two', 'one', 'two']);
  });
});

describe('a clock that jumps', () => {
  it('a year ahead and back neither stalls a job nor repeats it wildly', async () => {
    const { clock, counting } = setUp();
    const { ran, tick: turn } = counting('one', 10 * SECOND);
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

  it('holds back what must not follow a wrong clock, and nothing else', async () => {
    let steadyFor = YEAR;
    const { clock, start } = setUp({ steadyFor: () => steadyFor });
    const ran: string[] = [];
    const job = (name: string, stableForMs?: number): Job => ({
      name,
      everyMs: SECOND,
      ...(stableForMs === undefined ? {} : { stableForMs }),
      run: async () => void ran.push(name),
    });
    const { tick: turn } = start('one', [job('destroys', DAY), job('tells')]);
    for (const steady of [YEAR, 0, DAY - 1, DAY]) {
      steadyFor = steady;
      await turn();
      clock.advance(SECOND);
    }
    expect(ran).toEqual(['destroys', 'tells', 'tells', 'tells', 'destroys', 'tells']);
  });

  it('does not keep another process waiting for a lease from that year', async () => {
    const { clock, counting } = setUp();
    const [one, two] = [counting('one', SECOND), counting('two', SECOND)];
    clock.advance(YEAR);
    await one.tick();
    clock.advance(-YEAR);
    await two.tick();
    await one.tick();
    expect([one.ran.length, two.ran.length]).toEqual([1, 1]);
  });
});

describe('of two processes on one database', () => {
  it('only who has the lease works, and goes on having it', async () => {
    const { clock, counting } = setUp();
    const [one, two] = [counting('one', SECOND), counting('two', SECOND)];
    for (let second = 0; second < 60; second += 1) {
      await one.tick();
      await two.tick();
      clock.advance(SECOND);
    }
    expect([one.ran.length, two.ran.length]).toEqual([60, 0]);
  });

  it('the other takes over at once when one stops', async () => {
    const { counting } = setUp();
    const [one, two] = [counting('one', SECOND), counting('two', SECOND)];
    await one.tick();
    await two.tick();
    await one.stop();
    await two.tick();
    expect(two.ran).toEqual([0]);
  });

  it('the other takes over when the lease of one that died ends', async () => {
    const { clock, counting } = setUp();
    const [one, two] = [counting('one', SECOND), counting('two', SECOND)];
    await one.tick();
    clock.advance(LEASE - 1);
    await two.tick();
    expect(two.ran).toEqual([]);
    clock.advance(1);
    await two.tick();
    expect(two.ran).toHaveLength(1);
    await one.tick();
    expect(one.ran).toHaveLength(1);
  });

  it.each([-60, -1, 1, 60])(
    'one does the jobs also where the clock of the other is %i s behind',
    async (seconds) => {
      const { clock, counting } = setUp();
      const one = counting('one', SECOND);
      const two = counting('two', SECOND, seconds * SECOND);
      for (let second = 0; second < 120; second += 1) {
        await one.tick();
        await two.tick();
        clock.advance(SECOND);
      }
      // Whoever is ahead takes over at once; the other learns it when it renews its lease.
      const [ahead, behind] = seconds < -15 ? [two, one] : [one, two];
      expect(ahead.ran).toHaveLength(120);
      expect(behind.ran.length).toBeLessThanOrEqual(LEASE / SECOND);
    },
  );

  it('one that never had the lease does not take it away by stopping', async () => {
    const { clock, counting } = setUp();
    const [one, two, three] = [counting('1', SECOND), counting('2', SECOND), counting('3', SECOND)];
    await one.tick();
    await two.tick();
    await two.stop();
    clock.advance(SECOND);
    await three.tick();
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
    const { tick: turn } = counting('one', SECOND);
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
    const { ran, tick: turn } = counting('one', SECOND);
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
    const scheduler = start('one', [
      {
        name: 'slow',
        everyMs: SECOND,
        async run() {
          order.push('begins');
          await held;
          order.push('ends');
        },
      },
      { name: 'quick', everyMs: SECOND, run: async () => void order.push('quick') },
    ]);
    scheduler.start();
    expect(order).toEqual([]);
    await vi.advanceTimersByTimeAsync(SECOND);
    expect(order).toEqual(['begins', 'quick']);
    const stopping = scheduler.stop().then(() => order.push('stopped'));
    await vi.advanceTimersByTimeAsync(SECOND);
    expect(order).toEqual(['begins', 'quick']);
    release();
    await stopping;
    await vi.advanceTimersByTimeAsync(10 * SECOND);
    expect(order).toEqual(['begins', 'quick', 'ends', 'stopped']);
    expect(vi.getTimerCount()).toBe(0);
    expect(await store.takeLease('clockwork', 'two', START, LEASE)).toBe(true);
  });

  it('begins nothing any more that waited for the lease when it was stopped', async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const { store, counting } = setUp({
      through: (underneath) =>
        interfering(underneath, {
          async takeLease(...given) {
            await held;
            return underneath.takeLease(...given);
          },
        }),
    });
    const { ran, ...scheduler } = counting('one', SECOND);
    const turning = scheduler.tick();
    const stopping = scheduler.stop();
    release();
    await Promise.all([turning, stopping]);
    expect(ran).toEqual([]);
    // Nor does it keep the lease that it was given meanwhile.
    expect(await store.takeLease('clockwork', 'two', START, LEASE)).toBe(true);
  });

  it('turns again and again', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { clock, counting } = setUp();
    const { ran, ...scheduler } = counting('one', 2 * SECOND);
    scheduler.start();
    for (let second = 0; second < 5; second += 1) {
      await vi.advanceTimersByTimeAsync(SECOND);
      clock.advance(SECOND);
    }
    await scheduler.stop();
    expect(ran).toEqual([0, 2, 4]);
  });
});
