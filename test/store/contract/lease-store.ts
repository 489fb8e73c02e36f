import { describe, expect, it } from 'vitest';
import { setTimeout as delay } from 'node:timers/promises';
import { DAY, SECOND, START } from '../../support/fixtures.ts';
import { store } from './stage.ts';

/** Leases where those who ask bring the time along. */
export function describeLease(): void {
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

/** Leases where the database is elsewhere, and has the one clock that counts. */
export function describeLeaseByItsClock(): void {
  describe('a lease', () => {
    const MS = 500;
    const lease = (holder: string, now = START, ms = MS) =>
      store.takeLease('jobs', holder, now, ms);

    it('is for one holder until it ends, whatever time those have who ask', async () => {
      expect(await lease('one')).toBe(true);
      for (const now of [0, START, START + 60 * SECOND, START + 365 * DAY]) {
        expect(await lease('two', now)).toBe(false);
      }
      await delay(MS + 20);
      expect(await lease('two', 0)).toBe(true);
      expect(await lease('one', START + 365 * DAY)).toBe(false);
    });

    it('is renewed by its holder', async () => {
      await lease('one');
      await delay(MS / 2);
      expect(await lease('one', START - DAY, 5 * SECOND)).toBe(true);
      await delay(MS);
      expect(await lease('two')).toBe(false);
    });

    it('is one of several under their names', async () => {
      expect(await lease('one')).toBe(true);
      expect(await store.takeLease('other', 'two', START, MS)).toBe(true);
    });

    it('can be given back by its holder, and by nobody else', async () => {
      await lease('one', START, 10 * SECOND);
      await store.dropLease('jobs', 'two');
      await store.dropLease('other', 'one');
      expect(await lease('two')).toBe(false);
      await store.dropLease('jobs', 'one');
      expect(await lease('two')).toBe(true);
    });

    it('counts for nothing where a server gave it whose clock was far ahead', async () => {
      expect(await lease('one', START, 365 * DAY)).toBe(true);
      expect(await lease('two')).toBe(true);
      expect(await lease('one')).toBe(false);
    });

    it('goes to one of two that ask at once', async () => {
      const both = await Promise.all([lease('one'), lease('two')]);
      expect(both.filter(Boolean)).toHaveLength(1);
    });
  });
}
