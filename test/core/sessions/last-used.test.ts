import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import {
  createLastUsed,
  MOST_NOTED,
  ROWS_PER_SECOND,
} from '../../../src/core/sessions/last-used.ts';
import type { Instant } from '../../../src/core/time.ts';
import { newSession, START } from '../../support/fixtures.ts';

type Uses = readonly (readonly [string, Instant])[];

/** A `touch` that remembers what it got, and fails where it is told to. */
function createTouch(fails: (call: number) => boolean = () => false) {
  const written: Uses[] = [];
  const warned: (readonly string[])[] = [];
  let calls = 0;
  return {
    written,
    warned,
    calls: () => calls,
    async warnOfReuse(_: unknown, ids: readonly string[]) {
      calls += 1;
      if (fails(calls)) throw new Error('the disk is full');
      warned.push(ids);
    },
    async touch(_: unknown, uses: Uses) {
      calls += 1;
      if (fails(calls)) throw new Error('the disk is full');
      written.push(uses);
    },
  };
}

describe('last uses', () => {
  it('are written by a flush and not before', async () => {
    const store = createTouch();
    const lastUsed = createLastUsed(store, () => START);
    lastUsed.record('a', 1);
    expect(store.calls()).toBe(0);
    await lastUsed.flush();
    expect(store.written).toEqual([[['a', 1]]]);
  });

  it('of a token that took the place of another are written once the check is answered', async () => {
    const store = createTouch((call) => call === 2);
    const lastUsed = createLastUsed(store, () => START);
    lastUsed.recordFirst('a', 1);
    lastUsed.recordFirst('a', 2);
    expect(store.calls()).toBe(0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(store.written).toEqual([[['a', 1]]]);
    expect(store.calls()).toBe(1);
    lastUsed.recordFirst('b', 3);
    await new Promise((resolve) => setImmediate(resolve));
    // What could not be written is not lost.
    await lastUsed.flush();
    expect(store.written.flat()).toContainEqual(['b', 3]);
  });

  it('are shown before they are written', async () => {
    const lastUsed = createLastUsed(createTouch(), () => START);
    const { session } = newSession();
    expect(lastUsed.withLastUse(session)).toEqual(session);
    lastUsed.record(session.id, 7);
    expect(lastUsed.withLastUse(session)).toEqual({ ...session, lastUsedAt: 7 });
  });

  it('are written once, the latest of each session', async () => {
    const store = createTouch();
    const lastUsed = createLastUsed(store, () => START);
    lastUsed.record('a', 1);
    lastUsed.record('b', 2);
    lastUsed.record('a', 3);
    await lastUsed.flush();
    await lastUsed.flush();
    expect(store.written).toEqual([
      [
        ['a', 3],
        ['b', 2],
      ],
    ]);
  });

  it('are written in the order of the ids, so that two processes cannot deadlock', async () => {
    const store = createTouch();
    const lastUsed = createLastUsed(store, () => START);
    for (let index = 0; index < 120; index += 1) {
      const id = `${(index * 77) % 120}`.padStart(3, '0');
      lastUsed.record(id, index);
      lastUsed.recordReuse(id);
    }
    await lastUsed.flush();
    const slices = [...store.written.map((uses) => uses.map(([id]) => id)), ...store.warned];
    expect(slices.flat()).toHaveLength(240);
    for (const ids of slices) expect(ids).toEqual(ids.toSorted());
  });

  it('cost nothing while there are none', async () => {
    const store = createTouch();
    await createLastUsed(store, () => START).flush();
    expect(store.calls()).toBe(0);
  });

  it('are written in slices that let others in between', async () => {
    const store = createTouch();
    const lastUsed = createLastUsed(store, () => START);
    for (let index = 0; index < 125; index += 1) lastUsed.record(`${index}`, index);
    const seen: number[] = [];
    const look = () => {
      seen.push(store.calls());
      if (store.calls() < 3) setImmediate(look);
    };
    setImmediate(look);
    await lastUsed.flush();
    expect(store.written.map(({ length }) => length)).toEqual([50, 50, 25]);
    expect(seen).toContain(1);
    expect(seen).toContain(2);
  });

  it('that could not be written are written the next time, and the failure is told', async () => {
    const store = createTouch((call) => call === 2);
    const lastUsed = createLastUsed(store, () => START);
    for (let index = 0; index < 250; index += 1) lastUsed.record(`${index}`, index);
    await expect(lastUsed.flush()).rejects.toThrow('the disk is full');
    await lastUsed.flush();
    const written = store.written.flat();
    expect(written).toHaveLength(250);
    expect(new Set(written.map(([id]) => id)).size).toBe(250);
  });

  it('that are newer than what could not be written win', async () => {
    const written: Uses[number][] = [];
    let first = true;
    const lastUsed = createLastUsed(
      {
        warnOfReuse: async () => {},
        touch: async (_, uses) => {
          if (first) {
            first = false;
            lastUsed.record('a', 9);
            throw new Error('busy');
          }
          written.push(...uses);
        },
      },
      () => START,
    );
    lastUsed.record('a', 1);
    lastUsed.record('b', 1);
    await expect(lastUsed.flush()).rejects.toThrow('busy');
    await lastUsed.flush();
    expect(written).toHaveLength(2);
    expect(new Map(written)).toEqual(
      new Map([
        ['a', 9],
        ['b', 1],
      ]),
    );
  });

  it('noted while others are written are not lost', async () => {
    const written: Uses[number][] = [];
    let first = true;
    const lastUsed = createLastUsed(
      {
        warnOfReuse: async () => {},
        touch: async (_, uses) => {
          written.push(...uses);
          if (first) lastUsed.record('late', 7);
          if (first) lastUsed.record('early', 8);
          first = false;
        },
      },
      () => START,
    );
    lastUsed.record('early', 1);
    await lastUsed.flush();
    await lastUsed.flush();
    expect(written).toEqual([
      ['early', 1],
      ['early', 8],
      ['late', 7],
    ]);
  });
});

/** A `pause` that takes no time, and adds up what it would have taken. */
function createPause() {
  const pause = async (ms: number) => void (pause.ms += ms);
  pause.ms = 0;
  return pause;
}

describe('last uses under load', () => {
  it('are written at no more than so many rows a second', async () => {
    const [store, pause] = [createTouch(), createPause()];
    const lastUsed = createLastUsed(store, () => START, pause);
    for (let index = 0; index < 10_000; index += 1) lastUsed.record(`${index}`, index);
    await lastUsed.flush();
    const rows = store.written.flat().length;
    expect(rows).toBe(10_000);
    // But for the first slice, for which nobody waits.
    expect(rows - 50).toBeLessThanOrEqual((pause.ms / 1_000) * ROWS_PER_SECOND);
  });

  it('are written oldest first, and what is used again and again waits for the others', async () => {
    const written: string[] = [];
    const lastUsed = createLastUsed(
      {
        warnOfReuse: async () => {},
        touch: async (_, uses) => {
          if (written.length === 0) for (const [id, at] of uses) lastUsed.record(id, at + 1);
          written.push(...uses.map(([id]) => id));
        },
      },
      () => START,
      createPause(),
    );
    for (let index = 0; index < 150; index += 1) lastUsed.record(`a${index % 100}`, index);
    await lastUsed.flush();
    lastUsed.record('new', 1);
    await lastUsed.flush();
    const order = (id: string) => written.lastIndexOf(id);
    // a0 to a49 were used while they were written.
    expect(order('a0')).toBeGreaterThan(order('a99'));
    expect(written).toHaveLength(151);
  });

  it('are noted of a bounded number of sessions, and of others once there is room', async () => {
    const store = createTouch();
    const lastUsed = createLastUsed(store, () => START, createPause());
    for (let index = 0; index < MOST_NOTED + 10; index += 1) lastUsed.record(`${index}`, 1);
    const { session } = newSession();
    lastUsed.record(session.id, 7);
    expect(lastUsed.withLastUse(session)).toEqual(session);
    lastUsed.record('0', 2);
    lastUsed.hurry();
    await lastUsed.flush();
    const written = new Map(store.written.flat());
    expect(written.size).toBe(MOST_NOTED);
    expect(written.get('0')).toBe(2);
    lastUsed.record(session.id, 8);
    expect(lastUsed.withLastUse(session)).toEqual({ ...session, lastUsedAt: 8 });
  });

  it('of a token that took the place of another are written all the same', async () => {
    const store = createTouch();
    const lastUsed = createLastUsed(store, () => START, createPause());
    for (let index = 0; index < MOST_NOTED; index += 1) lastUsed.record(`${index}`, 1);
    lastUsed.recordFirst('first', 3);
    await new Promise((resolve) => setImmediate(resolve));
    expect(store.written).toEqual([[['first', 3]]]);
  });

  it('are written by one flush at a time', async () => {
    const store = createTouch();
    const lastUsed = createLastUsed(store, () => START, createPause());
    for (let index = 0; index < 200; index += 1) lastUsed.record(`${index}`, index);
    await Promise.all([lastUsed.flush(), lastUsed.flush()]);
    expect(store.written.flat()).toHaveLength(200);
  });

  it('are written without a pause at the end, with what was noted meanwhile', async () => {
    const store = createTouch();
    const lastUsed = createLastUsed(
      store,
      () => START,
      // As long as nobody cuts it short.
      (_ms, cut) => (cut.aborted ? Promise.resolve() : once(cut, 'abort')),
    );
    for (let index = 0; index < 200; index += 1) lastUsed.record(`${index}`, index);
    const flushed = lastUsed.flush();
    lastUsed.record('late', 1);
    await lastUsed.end();
    await flushed;
    expect(store.written.flat()).toHaveLength(201);
  });
});

describe('uses of what was replaced', () => {
  it('are told once, in slices', async () => {
    const store = createTouch();
    const lastUsed = createLastUsed(store, () => START);
    for (let index = 0; index < 150; index += 1) lastUsed.recordReuse(`${index % 120}`);
    expect(store.calls()).toBe(0);
    await lastUsed.flush();
    await lastUsed.flush();
    expect(store.warned.map(({ length }) => length)).toEqual([50, 50, 20]);
    expect(new Set(store.warned.flat()).size).toBe(120);
  });

  it('that could not be told are told the next time', async () => {
    const store = createTouch((call) => call === 1);
    const lastUsed = createLastUsed(store, () => START);
    lastUsed.recordReuse('a');
    await expect(lastUsed.flush()).rejects.toThrow('the disk is full');
    await lastUsed.flush();
    expect(store.warned).toEqual([['a']]);
  });
});
