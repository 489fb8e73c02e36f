import type { Clock, Instant } from '../../core/time.ts';

/** Remembers members for `forMs` milliseconds from when each was added last. */
export function createRecent(clock: Clock, forMs: number) {
  /** The oldest first. */
  const members = new Map<string, Instant>();

  function forgetOld(): void {
    const old = clock() - forMs;
    for (const [userId, at] of members) {
      if (at > old) return;
      members.delete(userId);
    }
  }

  return {
    add(userId: string): void {
      forgetOld();
      members.delete(userId);
      members.set(userId, clock());
    },

    delete: (userId: string): void => void members.delete(userId),

    /** All that are remembered, which are forgotten then. */
    take(): readonly string[] {
      forgetOld();
      const taken = [...members.keys()];
      members.clear();
      return taken;
    },
  };
}
