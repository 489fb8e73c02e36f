import { expect, it, onTestFinished } from 'vitest';
import { isSteady } from '../../src/core/steady.ts';
import { openStore } from '../../src/store/open.ts';
import { createClock, DAY, HOUR } from '../support/fixtures.ts';

const YEAR = 365 * DAY;

function setUp() {
  const store = openStore(':memory:');
  onTestFinished(() => store.close());
  const clock = createClock();
  const ask = () => isSteady(store, clock);
  /** Hour after hour, as the chore does. */
  async function askFor(hours: number): Promise<boolean> {
    let steady = await ask();
    for (let hour = 0; hour < hours; hour += 1) {
      clock.advance(HOUR);
      steady = await ask();
    }
    return steady;
  }
  return { clock, ask, askFor };
}

it('a clock is steady once it has run for a day', async () => {
  const { askFor, ask, clock } = setUp();
  expect(await askFor(23)).toBe(false);
  clock.advance(HOUR);
  expect(await ask()).toBe(true);
});

it.each([
  ['a year ahead', YEAR],
  ['a day back', -DAY],
  ['three hours ahead, be it that nobody looked', 3 * HOUR],
])('a clock that jumps %s is steady a day later', async (_, jump) => {
  const { askFor, ask, clock } = setUp();
  expect(await askFor(24)).toBe(true);
  clock.advance(jump);
  expect(await ask()).toBe(false);
  expect(await askFor(23)).toBe(false);
  expect(await askFor(1)).toBe(true);
});

it('a clock that is set ahead and back within an hour was not steady', async () => {
  const { askFor, ask, clock } = setUp();
  await askFor(24);
  clock.advance(YEAR);
  await ask();
  clock.advance(-YEAR);
  expect(await ask()).toBe(false);
});
