import type { Member } from './actor.ts';
import type { Clock, Everything, Store } from './ports.ts';

/** What members may ask about what is stored of them. A ban takes neither away. */
export function createOwnData({ store, clock }: { store: Store; clock: Clock }) {
  return {
    /** All of it; that it was asked for is written down. */
    async read(actor: Member): Promise<Everything> {
      const { userId } = actor;
      await store.record({ actor, at: clock(), userId, action: 'account.exported' });
      return store.everything(userId);
    },

    /** Erases it, with every session. A ban stays; so do audit events, without who they were about. */
    async forget(actor: Member): Promise<void> {
      await store.forget({ actor, at: clock() }, actor.userId);
    },
  };
}

export type OwnData = ReturnType<typeof createOwnData>;
