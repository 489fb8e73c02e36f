import { type Actor, type Staff, SYSTEM } from '../actor.ts';
import { SEVERAL } from '../audit/audit.ts';
import type { AuditStore } from '../audit/store.ts';
import { inSlices } from '../jobs/slices.ts';
import { permitStaff } from '../permission.ts';
import type { SettingStore } from '../settings.ts';
import type { Clock, Instant } from '../time.ts';
import { judgeHeld, lostOf } from './looks.ts';
import type { Policy } from './policy.ts';
import type { HeldLooks, RoleStore } from './store.ts';

/** What waits for the staff: names of roles, and how many members lost one. */
export interface HeldRoles {
  readonly roles: readonly string[];
  readonly count: number;
}

export interface HeldRolesDeps {
  readonly store: Pick<RoleStore, 'findHeld' | 'applyHeld' | 'keepHeld'> &
    Pick<AuditStore, 'record'> &
    SettingStore;
  readonly clock: Clock;
  readonly policy: Policy | undefined;
  /** Whether there is a channel in which somebody can be asked. */
  readonly isStaffed: boolean;
}

/** How long a change of many waits for the staff. */
export const HELD_FOR_MS = 24 * 3_600_000;
/** What began together takes effect together. */
const TOGETHER_MS = 10 * 60_000;
/** The staff hear of it once no more were added for a moment, and at the latest after a minute. */
const QUIET_MS = 10_000;
const LONGEST_QUIET_MS = 60_000;
const AT_ONCE = 100;

/** Of what the staff have heard. */
const TOLD = 'held-roles';

/** Losses of roles by many at once, which count only once the staff or time says so. */
export function createHeldRoles({ store, clock, policy, isStaffed }: HeldRolesDeps) {
  async function find(): Promise<HeldRoles> {
    return policy === undefined ? { roles: [], count: 0 } : sum(policy, await store.findHeld());
  }

  /** What has been held since then or longer takes effect, as one act. */
  async function applySince(actor: Actor, since: Instant): Promise<HeldRoles> {
    const at = clock();
    if (policy === undefined) return { roles: [], count: 0 };
    const looks = (await store.findHeld()).filter(({ first }) => first <= since);
    const { roles } = sum(policy, looks);
    let count = 0;
    const act = { actor, at };
    await inSlices(AT_ONCE, async (size) => {
      const applied = await store.applyHeld(act, since, size, judgeHeld(policy, act));
      count += applied;
      return applied;
    });
    if (count > 0) {
      await store.record({ ...act, userId: SEVERAL, action: 'roles.applied', roles, count });
    }
    return { roles, count };
  }

  /** Tells the staff once, and again only of a role of which they have not heard. */
  async function announce(looks: readonly HeldLooks[], { roles, count }: HeldRoles): Promise<void> {
    const told = ((await store.findSetting(TOLD)) ?? []) as readonly string[];
    if (count === 0) {
      if (told.length > 0) await store.saveSetting(TOLD, []);
      return;
    }
    const now = clock();
    const last = Math.max(...looks.map((each) => each.last));
    const first = Math.min(...looks.map((each) => each.first));
    const isQuiet = now - last >= QUIET_MS || now - first >= LONGEST_QUIET_MS || last > now;
    if (!isQuiet || roles.every((name) => told.includes(name))) return;
    // Heard of twice is better than never.
    const event = { actor: SYSTEM, at: now, userId: SEVERAL, action: 'roles.held' } as const;
    await store.record({ ...event, roles, count });
    await store.saveSetting(TOLD, [...new Set([...told, ...roles])]);
  }

  return {
    find,

    /** Everything that is held takes effect. */
    async apply(actor: Staff): Promise<HeldRoles> {
      permitStaff('heldRoles.apply', actor);
      return applySince(actor, Number.MAX_SAFE_INTEGER);
    },

    /** Everything that is held waits a day longer. */
    async keep(actor: Staff): Promise<HeldRoles> {
      permitStaff('heldRoles.keep', actor);
      const { roles } = await find();
      return { roles, count: await store.keepHeld({ actor, at: clock() }, roles) };
    },

    /** Tells the staff of what is held; where there are none it takes effect. @returns what did */
    async tell(): Promise<HeldRoles | null> {
      if (policy?.followsRoles !== true) return null;
      const looks = await store.findHeld();
      const held = sum(policy, looks);
      if (isStaffed) await announce(looks, held);
      else if (held.count > 0) return applySince(SYSTEM, Number.MAX_SAFE_INTEGER);
      return null;
    },

    /** What nobody decided in time takes effect. @returns what did */
    async applyOverdue(): Promise<HeldRoles | null> {
      if (policy?.followsRoles !== true) return null;
      const due = clock() - HELD_FOR_MS;
      const looks = await store.findHeld();
      if (looks.every(({ first }) => first > due)) return null;
      return applySince(SYSTEM, due + TOGETHER_MS);
    },
  };
}

export type HeldRolesActions = ReturnType<typeof createHeldRoles>;

function sum(policy: Policy, looks: readonly HeldLooks[]): HeldRoles {
  const lost = new Set(looks.flatMap(({ roles, held }) => lostOf(policy, roles, held)));
  const names = policy.roles.filter(({ id }) => lost.has(id)).map(({ name }) => name);
  return { roles: names, count: looks.reduce((total, { count }) => total + count, 0) };
}
