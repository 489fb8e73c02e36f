import type { UserId } from '../../core/actor.ts';
import type { Roles } from '../../core/policy/roles.ts';
import type { Clock, Instant } from '../../core/time.ts';

export interface RoleEventsDeps {
  readonly roles: Pick<Roles, 'look' | 'keep' | 'noteDeleted'>;
  readonly clock: Clock;
}

export interface MemberEvent {
  readonly guild_id: string;
  readonly user: { readonly id: UserId };
}

export interface RoledMemberEvent extends MemberEvent {
  readonly roles: readonly string[];
}

export interface RoleEvent {
  readonly guild_id: string;
  readonly role_id: string;
}

/**
 * What Discord tells of members' roles by itself, and since when it has told all of it. Every process with a
 * bot follows it: what another has written down changes nothing.
 */
export function createRoleEvents({ roles, clock }: RoleEventsDeps) {
  /** One after the other, so that of two looks of one instant the later counts. */
  let following: Promise<void> = Promise.resolve();
  let readyAt: Instant | null = null;
  let missedAt: Instant = -Infinity;

  async function follow(work: () => Promise<void>): Promise<void> {
    const done = following.then(work);
    following = done.catch(() => {});
    try {
      await done;
    } catch (error) {
      missedAt = clock();
      throw error;
    }
  }

  return {
    /** Those of one member alone. `first` is done before they count. */
    async follow(
      { user, roles: held }: RoledMemberEvent,
      first: () => Promise<void> = async () => {},
    ): Promise<void> {
      const look = roles.look(held);
      await follow(async () => {
        await first();
        if (look !== undefined) await roles.keep(user.id, look);
      });
    },

    async followDeletion({ role_id: roleId }: RoleEvent): Promise<void> {
      await follow(() => roles.noteDeleted(roleId));
    },

    /** A new session of the gateway: what happened before it is told nowhere else. */
    begin(): void {
      readyAt = clock();
    },

    /** Null while not everything is heard of. */
    heardSince: (): Instant | null => (readyAt === null ? null : Math.max(readyAt, missedAt)),
  };
}

export type RoleEvents = ReturnType<typeof createRoleEvents>;
