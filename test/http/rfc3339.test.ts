import { expect, test } from 'vitest';
import { rfc3339 } from '../../src/http/rfc3339.ts';

const DAY_MS = 86_400_000;

test('an instant is written as Date writes it, in each year, minute and millisecond', () => {
  const instants = [0, 1, 999, 1_000, DAY_MS - 1, DAY_MS, -1, 951_782_400_000, 253_402_300_800_000];
  // A prime number of milliseconds, so that all places of a clock come up, on more days than are kept.
  for (let at = 1_700_000_000_000; instants.length < 20_000; at += 98_764_321) instants.push(at);
  for (const at of instants) expect(rfc3339(at)).toBe(new Date(at).toISOString());
});

test('what is no instant is written by nobody', () => {
  for (const at of [Number.NaN, Infinity, 8.64e15 + DAY_MS]) {
    expect(() => rfc3339(at)).toThrow(RangeError);
  }
});
