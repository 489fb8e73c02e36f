import { expect, it } from 'vitest';
import { createLiveSessions } from '../../../src/core/sessions/live-sessions.ts';
import { START } from '../../support/fixtures.ts';

const MEMBERS = 100;

/** A hundred members with a session each, of which a look at twenty takes as long as told. */
function setUp({ sliceMs = 0 } = {}) {
  let running = 0;
  let slices = 0;
  let turns = 0;
  let failure: Error | null = null;
  const live = createLiveSessions({
    store: {
      async totalLive(now, after, limit) {
        if (failure !== null) throw failure;
        expect(now).toBe(START);
        slices += 1;
        running += sliceMs;
        setImmediate(() => (turns += 1));
        const [from, to] = [Number(after ?? 0), Number(after ?? 0) + limit];
        const last = to < MEMBERS ? String(to) : null;
        return { live: { login: 0, app_login: 0, api: Math.min(to, MEMBERS) - from }, last };
      },
    },
    clock: () => START,
    monotonicNow: () => running,
  });
  return {
    live,
    slices: () => slices,
    turns: () => turns,
    wait: (ms: number) => void (running += ms),
    fail: (error: Error | null) => void (failure = error),
  };
}

const ALL = { login: 0, app_login: 0, api: MEMBERS };

it('all are counted, with a turn for others after each slice', async () => {
  const { live, slices, turns } = setUp();
  expect(await live.count()).toEqual(ALL);
  expect(slices()).toBe(5);
  expect(turns()).toBeGreaterThanOrEqual(4);
});

it('who looks together has them counted once', async () => {
  const { live, slices } = setUp();
  expect(await Promise.all([live.count(), live.count()])).toEqual([ALL, ALL]);
  expect(slices()).toBe(5);
});

it('they are counted again after five seconds, or a hundred times as long as it took', async () => {
  for (const [sliceMs, pauseMs] of [
    [0, 5_000],
    [40, 20_000],
  ] as const) {
    const { live, slices, wait } = setUp({ sliceMs });
    await live.count();
    wait(pauseMs - 1);
    expect(await live.count()).toEqual(ALL);
    expect(slices()).toBe(5);
    wait(1);
    await live.count();
    expect(slices()).toBe(10);
  }
});

it('a count that fails says so, and is tried again', async () => {
  const { live, fail } = setUp();
  fail(new Error('SQLITE_IOERR'));
  await expect(live.count()).rejects.toThrow('SQLITE_IOERR');
  fail(null);
  expect(await live.count()).toEqual(ALL);
});

it('nobody waits long for one: until it is done there is the last one, or none', async () => {
  const never = createLiveSessions({
    store: { totalLive: () => new Promise(() => {}) },
    clock: () => START,
    monotonicNow: () => 0,
  });
  expect(await never.count()).toBeNull();
});
