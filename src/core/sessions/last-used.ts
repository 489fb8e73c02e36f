import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { type SessionId, SYSTEM } from '../actor.ts';
import type { Clock, Instant } from '../time.ts';
import type { Session } from './session.ts';
import type { UseStore } from './store.ts';

/**
 * The rows lie far apart: each is a page or more to write while nothing else goes on. Each slice is in the
 * order of the ids, so that two processes that lock the same rows cannot deadlock.
 */
const SLICE = 50;

/**
 * When each session was last used, gathered in memory so that a check never writes, and written by
 * `flush` in slices that leave the event loop free in between.
 */
export function createLastUsed(store: Pick<UseStore, 'touch' | 'warnOfReuse'>, clock: Clock) {
  const uses = new Map<SessionId, Instant>();
  const reused = new Set<SessionId>();
  const act = () => ({ actor: SYSTEM, at: clock() });

  return {
    record(id: SessionId, at: Instant): void {
      uses.set(id, at);
    },

    /**
     * The same, and it is written as soon as the check is answered: every process is to know that this
     * token arrived, before it is rotated again.
     */
    recordFirst(id: SessionId, at: Instant): void {
      if (uses.has(id)) return;
      uses.set(id, at);
      // What cannot be written now stays noted.
      setImmediate(() => void store.touch(act(), [[id, at]]).catch(() => {}));
    },

    /** Somebody used a token that was rotated, after its grace. */
    recordReuse(id: SessionId): void {
      reused.add(id);
    },

    /** The session with a last use that may not be written yet. */
    withLastUse(session: Session): Session {
      const noted = uses.get(session.id) ?? 0;
      return noted > (session.lastUsedAt ?? 0) ? { ...session, lastUsedAt: noted } : session;
    },

    /** Writes what was noted. What could not be written stays noted. */
    async flush(): Promise<void> {
      // The ids alone: to copy a hundred thousand pairs at once would hold up everything else.
      const used = [...uses.keys()];
      for (let start = 0; start < used.length; start += SLICE) {
        const ids = used.slice(start, start + SLICE).toSorted();
        const slice = ids.flatMap((id) => {
          const at = uses.get(id);
          return at === undefined ? [] : [[id, at] as const];
        });
        await store.touch(act(), slice);
        for (const [id, at] of slice) if (uses.get(id) === at) uses.delete(id);
        await yieldToOthers();
      }
      const ids = [...reused];
      for (let start = 0; start < ids.length; start += SLICE) {
        const slice = ids.slice(start, start + SLICE).toSorted();
        await store.warnOfReuse(act(), slice);
        for (const id of slice) reused.delete(id);
        await yieldToOthers();
      }
    },
  };
}

export type LastUsed = ReturnType<typeof createLastUsed>;
