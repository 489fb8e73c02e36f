import type { Actor, UserId } from './actor.ts';
import { AppError } from './errors.ts';
import type { Clock, Store } from './ports.ts';

/** The verbs on accounts: what staff and the system do, never a member. */
export function createAccounts({ store, clock }: { store: Store; clock: Clock }) {
  return {
    /** From the next request on nothing of the account works. Sessions come back with the unban. */
    async ban(actor: Actor, userId: UserId, reason: string | null): Promise<void> {
      requireStaff(actor);
      await store.setAccountState({ actor, at: clock() }, userId, 'banned', reason);
    },

    async unban(actor: Actor, userId: UserId, reason: string | null): Promise<void> {
      requireStaff(actor);
      await store.setAccountState({ actor, at: clock() }, userId, 'normal', reason);
    },
  };
}

function requireStaff(actor: Actor): void {
  if (actor.kind === 'member') throw new AppError('restricted', 'Only staff can do that.');
}

export type Accounts = ReturnType<typeof createAccounts>;
