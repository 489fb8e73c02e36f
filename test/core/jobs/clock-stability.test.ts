import { expect, it, onTestFinished } from 'vitest';
import { createClockStability } from '../../../src/core/jobs/clock-stability.ts';
import type { Store } from '../../../src/core/store.ts';
import { openStore } from '../../../src/store/sqlite/file/open.ts';
import { createClock, DAY, HOUR, interfering } from '../../support/fixtures.ts';

const YEAR = 365 * DAY;
const MINUTE = HOUR / 60;

/** A clock on the wall, the time for which this process has run, and who looks at both. */
function setUp(through = (same: Store) => same) {
  const real = openStore(':memory:');
  onTestFinished(() => real.close());
  const store = through(real);
  const clock = createClock();
  let ran = 0;
  let clockStability = start();

  function start() {
    const startedAt = ran;
    return createClockStability({ store, clock, monotonicNow: () => ran - startedAt });
  }

  return {
    clock,
    look: () => clockStability.stableForMs(),
    /** Time goes by, and somebody looks each minute. */
    run: async (ms: number): Promise<number> => {
      for (let past = 0; past < ms; past += MINUTE) {
        ran += MINUTE;
        clock.advance(MINUTE);
        await clockStability.stableForMs();
      }
      return clockStability.stableForMs();
    },
    /** The process ends; another one begins when the wall clock has gone on by `ms`. */
    restart: (ms: number): void => {
      clock.advance(ms);
      clockStability = start();
    },
  };
}

it('the clock of a new database is steady: there is nothing that it could spoil', async () => {
  const { look } = setUp();
  expect(await look()).toBeGreaterThan(YEAR);
});

it.each([
  ['a year ahead', YEAR],
  ['a year back', -YEAR],
  ['eleven minutes ahead', 11 * MINUTE],
])('a clock that jumps %s while we look is steady only since then', async (_, jump) => {
  const { clock, look, run } = setUp();
  await run(10 * MINUTE);
  clock.advance(jump);
  expect(await look()).toBe(0);
  expect(await run(HOUR)).toBe(HOUR);
});

it('a clock that is set ahead and back is steady since it came back', async () => {
  const { clock, look, run } = setUp();
  await run(10 * MINUTE);
  clock.advance(YEAR);
  await look();
  clock.advance(-YEAR);
  expect(await look()).toBe(0);
  expect(await run(5 * MINUTE)).toBe(5 * MINUTE);
});

it('a clock that jumps before anybody looked is steady only since then', async () => {
  const { clock, look } = setUp();
  clock.advance(YEAR);
  expect(await look()).toBe(0);
});

it('a clock that is corrected by some minutes stays steady', async () => {
  const { clock, look, run } = setUp();
  await run(10 * MINUTE);
  clock.advance(9 * MINUTE);
  expect(await look()).toBeGreaterThan(YEAR);
});

it.each([
  ['a year later', YEAR],
  ['a year earlier', -YEAR],
  ['three hours later', 3 * HOUR],
])('a process that starts %s than the last one looked trusts the clock anew', async (_, gap) => {
  const { look, run, restart } = setUp();
  await run(HOUR);
  restart(gap);
  expect(await look()).toBe(0);
});

it('a restart, and a stop of an hour, change nothing', async () => {
  const { clock, look, run, restart } = setUp();
  await run(10 * MINUTE);
  clock.advance(YEAR);
  await look();
  expect(await run(HOUR)).toBe(HOUR);
  restart(HOUR);
  expect(await look()).toBe(2 * HOUR);
});

it('looking often seldom writes', async () => {
  let writes = 0;
  const { run } = setUp((store) =>
    interfering(store, {
      saveSetting: (...given) => {
        writes += 1;
        return store.saveSetting(...given);
      },
    }),
  );
  await run(HOUR);
  expect(writes).toBeLessThanOrEqual(7);
});
