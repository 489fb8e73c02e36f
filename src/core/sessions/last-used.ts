import { setImmediate as yieldToOthers, setTimeout as delay } from 'node:timers/promises';
import { type SessionId, SYSTEM } from '../actor.ts';
import type { Clock, Instant } from '../time.ts';
import type { Session } from './session.ts';
import type { UseStore } from './store.ts';

/**
 * The rows lie far apart: each is a page or more to write while nothing else goes on. Each slice is in the
 * order of the ids, so that two processes that lock the same rows cannot deadlock.
 */
const SLICE = 50;

/** These are most of all that is written. With more, the times get coarser; nothing waits in line. */
export const ROWS_PER_SECOND = 1_000;
const PAUSE_MS = (1_000 * SLICE) / ROWS_PER_SECOND;

/** Of other sessions nothing is noted until some of these are written. */
export const MOST_NOTED = 100_000;

/**
 * When each session was last used, gathered in memory so that a check never writes, and written by
 * `flush` in slices that leave the event loop free in between.
 */
export function createLastUsed(
  store: Pick<UseStore, 'touch' | 'warnOfReuse'>,
  clock: Clock,
  pause: (ms: number, cut: AbortSignal) => Promise<unknown> = (ms, cut) =>
    delay(ms, undefined, { signal: cut }).catch(() => {}),
) {
  // In the order in which they were noted: the oldest are written first.
  const uses = new Map<SessionId, Instant>();
  const reused = new Set<SessionId>();
  const ending = new AbortController();
  let underWay: Promise<void> | undefined;
  const act = () => ({ actor: SYSTEM, at: clock() });

  function record(id: SessionId, at: Instant): void {
    if (uses.size < MOST_NOTED || uses.has(id)) uses.set(id, at);
  }

  async function writeUses(ids: readonly SessionId[]): Promise<void> {
    const slice = ids.flatMap((id) => {
      const at = uses.get(id);
      return at === undefined ? [] : [[id, at] as const];
    });
    await store.touch(act(), slice);
    for (const [id, at] of slice) {
      const newest = uses.get(id);
      uses.delete(id);
      // Used meanwhile: it waits behind those that have waited longer.
      if (newest !== undefined && newest !== at) uses.set(id, newest);
    }
  }

  async function writeReused(ids: readonly SessionId[]): Promise<void> {
    await store.warnOfReuse(act(), ids);
    for (const id of ids) reused.delete(id);
  }

  async function write(): Promise<void> {
    // The ids alone: to copy a hundred thousand pairs at once would hold up everything else.
    const work = [
      { ids: [...uses.keys()], writeSlice: writeUses },
      { ids: [...reused], writeSlice: writeReused },
    ];
    for (const { ids, writeSlice } of work) {
      for (let start = 0; start < ids.length; start += SLICE) {
        // Not a race with a promise of the end: that one would remember every pause there ever was.
        if (start > 0) await pause(PAUSE_MS, ending.signal);
        await writeSlice(ids.slice(start, start + SLICE).toSorted());
        await yieldToOthers();
      }
    }
  }

  /**
   * Writes what was noted, the oldest first and at most {@link ROWS_PER_SECOND}; joins one that is under
   * way. What could not be written stays noted.
   */
  function flush(): Promise<void> {
    underWay ??= write().finally(() => (underWay = undefined));
    return underWay;
  }

  return {
    record,
    flush,

    /**
     * The same, and it is written as soon as the check is answered: every process is to know that this
     * token arrived, before it is rotated again.
     */
    recordFirst(id: SessionId, at: Instant): void {
      if (uses.has(id)) return;
      record(id, at);
      // What cannot be written now stays noted.
      setImmediate(() => void store.touch(act(), [[id, at]]).catch(() => {}));
    },

    /** Somebody used a token that was rotated, after its grace. */
    recordReuse(id: SessionId): void {
      if (reused.size < MOST_NOTED) reused.add(id);
    },

    /** The session with a last use that may not be written yet. */
    withLastUse(session: Session): Session {
      const noted = uses.get(session.id) ?? 0;
      return noted > (session.lastUsedAt ?? 0) ? { ...session, lastUsedAt: noted } : session;
    },

    /** From now on without pauses, since it ends. */
    hurry: () => ending.abort(),

    /** Writes all that is noted, as fast as it goes: it ends. */
    async end(): Promise<void> {
      ending.abort();
      await underWay?.catch(() => {});
      await flush();
    },
  };
}

export type LastUsed = ReturnType<typeof createLastUsed>;
