import type { SessionId } from './actor.ts';
import type { Store } from './ports.ts';
import type { Instant, Session } from './session.ts';

const SLICE = 100;

/**
 * When each session was last used, gathered in memory so that a check never writes, and written by
 * `flush` in slices that leave the event loop free in between.
 */
export function createLastUsed(store: Pick<Store, 'touch'>) {
  let uses = new Map<SessionId, Instant>();

  return {
    note(id: SessionId, at: Instant): void {
      uses.set(id, at);
    },

    /** The session with a last use that may not be written yet. */
    refresh(session: Session): Session {
      const at = uses.get(session.id);
      return at === undefined ? session : { ...session, lastUsedAt: at };
    },

    /** Writes what was noted. What could not be written is kept for the next time. */
    async flush(): Promise<void> {
      const taken = [...uses];
      uses = new Map();
      for (let start = 0; start < taken.length; start += SLICE) {
        try {
          await store.touch(taken.slice(start, start + SLICE));
        } catch (error) {
          for (const [id, at] of taken.slice(start)) if (!uses.has(id)) uses.set(id, at);
          throw error;
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}

export type LastUsed = ReturnType<typeof createLastUsed>;
