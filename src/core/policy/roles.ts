import type { RoleId, UserId } from '../actor.ts';
import type { AccountStore } from '../accounts/store.ts';
import type { Clock } from '../time.ts';
import type { Policy } from './policy.ts';
import type { RoleLook } from './standing.ts';
import type { RoleStore } from './store.ts';

export interface RolesDeps {
  readonly store: RoleStore & Pick<AccountStore, 'findAccount'>;
  readonly clock: Clock;
  readonly policy: Policy | undefined;
}

/** What has been seen within this time need not be written down again. */
const FRESH_MS = 60_000;

/** What Discord says of members' roles, wherever it does. */
export function createRoles({ store, clock, policy }: RolesDeps) {
  return {
    /** A look at the roles that a member has at this moment; undefined where roles do not count. */
    look(held: readonly RoleId[]): RoleLook | undefined {
      if (policy?.followsRoles !== true) return undefined;
      return { roles: policy.rolesText(held), at: clock() };
    },

    /** Keeps what was seen: from the next check on it counts for all that is live of the member's. */
    async keep(userId: UserId, look: RoleLook): Promise<void> {
      const account = await store.findAccount(userId);
      if (account === null) return;
      const { look: known } = account;
      if (known?.roles === look.roles && look.at - known.at < FRESH_MS) return;
      await store.saveLook(userId, look, clock());
    },
  };
}

export type Roles = ReturnType<typeof createRoles>;
