import { describe, expect, it } from 'vitest';
import { DAY, SECOND, START } from '../../support/fixtures.ts';
import { store } from './stage.ts';

/** Who of several does the jobs. */
export function describeLeaseStore(): void {
  describe('a lease', () => {
    const MS = 10 * SECOND;
    const lease = (holder: string, now: number, lock = 'jobs') =>
      store.takeLease(lock, holder, now, MS);

    it('is for one holder until it ends', async () => {
      expect(await lease('one', START)).toBe(true);
      expect(await lease('two', START)).toBe(false);
      expect(await lease('two', START + MS - 1)).toBe(false);
      expect(await lease('two', START + MS)).toBe(true);
      expect(await lease('one', START + MS)).toBe(false);
    });

    it('is renewed by its holder', async () => {
      await lease('one', START);
      expect(await lease('one', START + MS - 1)).toBe(true);
      expect(await lease('two', START + MS)).toBe(false);
      expect(await lease('two', START + 2 * MS - 1)).toBe(true);
    });

    it('is one of several under their names', async () => {
      expect(await lease('one', START)).toBe(true);
      expect(await lease('two', START, 'other')).toBe(true);
    });

    it('can be given back by its holder, and by nobody else', async () => {
      await lease('one', START);
      await store.dropLease('jobs', 'two');
      await store.dropLease('other', 'one');
      expect(await lease('two', START)).toBe(false);
      await store.dropLease('jobs', 'one');
      expect(await lease('two', START)).toBe(true);
    });

    it('counts for nothing when it comes from a clock that was a year ahead', async () => {
      expect(await lease('one', START + 365 * DAY)).toBe(true);
      expect(await lease('two', START)).toBe(true);
      expect(await lease('one', START)).toBe(false);
    });

    it.each([1, SECOND, 60 * SECOND])(
      'stays with its holder where another clock is %i ms behind',
      async (ms) => {
        expect(await lease('one', START)).toBe(true);
        expect(await lease('two', START - ms)).toBe(false);
        expect(await lease('one', START + MS - 1)).toBe(true);
      },
    );

    it('goes once, not back and forth, where another clock is a minute ahead', async () => {
      const holders: string[] = [];
      for (let second = 0; second < 60; second += 1) {
        const now = START + second * SECOND;
        if (await lease('behind', now)) holders.push('behind');
        if (await lease('ahead', now + 60 * SECOND)) holders.push('ahead');
      }
      expect(holders).toEqual(['behind', ...Array.from({ length: 60 }, () => 'ahead')]);
    });

    it('goes to one of two that ask at once', async () => {
      const both = await Promise.all([lease('one', START), lease('two', START)]);
      expect(both.filter(Boolean)).toHaveLength(1);
    });
  });
}
