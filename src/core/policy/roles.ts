import type { AccountStore } from '../accounts/store.ts';
import { type RoleId, SYSTEM, type UserId } from '../actor.ts';
import { inSlices } from '../jobs/slices.ts';
import type { FindMember } from '../logins/identity.ts';
import type { Clock } from '../time.ts';
import { judgeLook, lostOf } from './looks.ts';
import type { Policy } from './policy.ts';
import type { KnownLook, RoleLook } from './standing.ts';
import type { RoleStore } from './store.ts';

/** Every role of the community's server, now; null where Discord does not say. */
export type FindServerRoles = () => Promise<ReadonlySet<RoleId> | null>;

export interface RolesDeps {
  readonly store: Pick<RoleStore, 'saveLook' | 'holdRole'> & Pick<AccountStore, 'findAccount'>;
  readonly clock: Clock;
  readonly policy: Policy | undefined;
  /** Absent where there is no such server. */
  readonly findServerRoles?: FindServerRoles | undefined;
}

/** What has been seen within this time need not be written down again. */
const FRESH_MS = 60_000;
const HELD_AT_ONCE = 100;

/** What Discord says of members' roles, wherever it does. */
export function createRoles({ store, clock, policy, findServerRoles }: RolesDeps) {
  /** A role was deleted: nobody loses what it gave until the staff or time says so. */
  async function noteDeleted(roleId: RoleId): Promise<void> {
    if (policy?.roles.every(({ id }) => id !== roleId) !== false) return;
    await inSlices(HELD_AT_ONCE, (size) => store.holdRole(roleId, clock(), size));
  }

  /** Where a role is lost that the server does not have any more, nobody took it from the member. */
  async function noteMissing(lost: readonly RoleId[]): Promise<void> {
    if (lost.length === 0) return;
    const there = await findServerRoles?.();
    for (const id of lost) if (there?.has(id) === false) await noteDeleted(id);
  }

  /** A look at the roles that a member has at this moment; undefined where roles do not count. */
  function lookAt(held: readonly RoleId[]): RoleLook | undefined {
    if (policy?.followsRoles !== true) return undefined;
    return { roles: policy.rolesText(held), at: clock() };
  }

  /** Keeps what was seen: from the next check on it counts for all that is live of the member's. */
  async function keep(userId: UserId, look: RoleLook): Promise<void> {
    if (policy === undefined) return;
    const account = await store.findAccount(userId);
    if (account === null || isKnown(account.look, look)) return;
    const { look: known } = account;
    if (known !== null) await noteMissing(lostOf(policy, known.roles, look.roles));
    const act = { actor: SYSTEM, at: clock() };
    await store.saveLook(act, userId, judgeLook(policy, act, look));
  }

  return {
    look: lookAt,

    keep,
    noteDeleted,

    /** The same, but that what it finds is kept. Who is not in the server has no roles. */
    keeping:
      (findMember: FindMember): FindMember =>
      async (userId) => {
        // As of when it was asked: the answer may be as old.
        const at = clock();
        const member = await findMember(userId);
        const look = lookAt(member?.roles ?? []);
        if (look !== undefined) await keep(userId, { ...look, at });
        return member;
      },
  };
}

export type Roles = ReturnType<typeof createRoles>;

function isKnown(known: KnownLook | null, look: RoleLook): boolean {
  if (known === null || (known.held?.roles ?? known.roles) !== look.roles) return false;
  const age = look.at - known.at;
  return age >= 0 && age < FRESH_MS;
}
