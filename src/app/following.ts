import type { Config } from '../config.ts';
import type { Job } from '../core/jobs/scheduler.ts';
import { createHeldRoles, type HeldRoles } from '../core/policy/held-roles.ts';
import { createRoleRound } from '../core/policy/role-round.ts';
import type { Store } from '../core/store.ts';
import type { Clock, Instant } from '../core/time.ts';
import { createRoleEvents } from '../discord/gateway/role-events.ts';
import type { Log } from '../log.ts';
import { type Core, followsServer } from './core.ts';

export interface FollowingDeps {
  readonly config: Config;
  readonly core: Pick<Core, 'roles' | 'findMember'>;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}

const HOUR_MS = 3_600_000;
/** Less than a tick of the scheduler, so that each has one look. */
const LOOK_MS = 900;

/** How tokens follow the roles of their members: by what Discord tells, by a round, and through the staff. */
export function createFollowing({ config, core, store, clock, log }: FollowingDeps) {
  const { policy, revokeOnLeave, staff } = config;
  const { roles, findMember } = core;
  const isStaffed = staff.channelId !== undefined;
  const isFollowed = policy?.followsRoles === true && findMember !== undefined;
  const hearsMembers = isFollowed && revokeOnLeave === 'leave' && followsServer(config);
  const roleEvents = hearsMembers ? createRoleEvents({ roles, clock }) : undefined;
  const heldRoles = createHeldRoles({ store, clock, policy, isStaffed });

  function say(applied: HeldRoles | null, why: string): void {
    if (applied === null || applied.count === 0) return;
    log.warn(applied, `roles that many members lost at once stopped counting: ${why}`);
  }

  return {
    roleEvents,
    heldRoles,

    /** None where no role counts. */
    jobs: (isConnected: () => boolean): readonly Job[] => {
      if (!isFollowed) return [];
      const heardSince = (): Instant | null =>
        isConnected() ? (roleEvents?.heardSince() ?? null) : null;
      const round = createRoleRound({ store, clock, findMember, heardSince });
      return [
        { name: 'roles', everyMs: LOOK_MS, run: () => round.lookAtNext() },
        {
          name: 'held roles',
          everyMs: 5_000,
          run: async () => say(await heldRoles.tell(), 'there is no staff channel to ask in'),
        },
        {
          name: 'overdue roles',
          everyMs: 60_000,
          stableForMs: HOUR_MS,
          run: async () => say(await heldRoles.applyOverdue(), 'nobody decided within a day'),
        },
      ];
    },
  };
}

export type Following = ReturnType<typeof createFollowing>;
