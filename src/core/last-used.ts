import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type { SessionId } from './actor.ts';
import type { Store } from './ports.ts';
import type { Instant, Session } from './session.ts';

const SLICE = 100;

/**
 * When each session was last used, gathered in memory so that a check never writes, and written by
 * `flush` in slices that leave the event loop free in between.
 */
export function createLastUsed(store: Pick<Store, 'touch'>) {
  const uses = new Map<SessionId, Instant>();

  return {
    note(id: SessionId, at: Instant): void {
      uses.set(id, at);
    },

    /** The session with a last use that may not be written yet. */
    refresh(session: Session): Session {
      const noted = uses.get(session.id) ?? 0;
      return noted > (session.lastUsedAt ?? 0) ? { ...session, lastUsedAt: noted } : session;
    },

    /** Writes what was noted. What could not be written stays noted. */
    async flush(): Promise<void> {
      const taken = [...uses];
      for (let start = 0; start < taken.length; start += SLICE) {
        const slice = taken.slice(start, start + SLICE);
        await store.touch(slice);
        for (const [id, at] of slice) if (uses.get(id) === at) uses.delete(id);
        await yieldToOthers();
      }
    },
  };
}

export type LastUsed = ReturnType<typeof createLastUsed>;
