import type { RoleId, UserId } from '../actor.ts';
import type { Act, AuditEvent } from '../audit/audit.ts';
import type { Policy } from './policy.ts';
import { readScopeText } from './scopes.ts';
import type { KnownLook, RoleLook } from './standing.ts';

/** What is known of a member, and of how many others lost roles, when somebody looks at theirs. */
export interface LookFacts {
  readonly userId: UserId;
  /** Null if nobody has looked. */
  readonly known: KnownLook | null;
  /** How many others lost a role within {@link TOGETHER_MS}. */
  readonly othersLost: number;
  /** Of how many members the roles are known. Counted only where {@link FEW} others or more lost one. */
  readonly members: number;
  readonly isBanned: boolean;
  /** Whether they have anything that works, or would. */
  readonly hasLive: boolean;
}

/** What a look makes of what is known. */
export interface LookPlan {
  readonly look: KnownLook;
  /** Whether a role was lost by it, held or not. */
  readonly isLoss: boolean;
  readonly events: readonly AuditEvent[];
}

/** Null where nothing is written down. */
export type JudgeLook = (facts: LookFacts) => LookPlan | null;

export const TOGETHER_MS = 60_000;
/** So many members may lose roles together, however few there are. */
export const FEW = 20;
const SHARE = 10;
/** A look of later than so much after now was dated by a clock that was wrong. */
export const AHEAD_MS = 60_000;
const DAY_MS = 86_400_000;

/**
 * What was seen of a member's roles counts from now on, unless a newer look is known. What many lose at
 * once is held: until the staff or its time says otherwise the roles count on.
 */
export function judgeLook(policy: Policy, act: Act, look: RoleLook): JudgeLook {
  return (facts) => {
    const { known } = facts;
    if (known === null) return plan(policy, act, facts, look, false);
    if (known.at > look.at && known.at <= act.at + AHEAD_MS) return null;
    const lost = lostOf(policy, known.roles, look.roles);
    const waiting = known.held === undefined ? [] : lostOf(policy, known.roles, known.held.roles);
    const isNew = lost.some((id) => !waiting.includes(id));
    const isMass = isNew && isMassLoss(facts);
    const kept = lost.filter((id) => isMass || waiting.includes(id));
    const roles = policy.rolesText([...readScopeText(look.roles), ...kept]);
    const since = known.held?.since ?? act.at;
    const held = kept.length === 0 ? {} : { held: { roles: look.roles, since } };
    return plan(policy, act, facts, { roles, at: look.at, ...held }, isNew);
  };
}

/** What was held takes effect. */
export function judgeHeld(policy: Policy, act: Act): JudgeLook {
  return (facts) => {
    const { known } = facts;
    if (known?.held === undefined) return null;
    return plan(policy, act, facts, { roles: known.held.roles, at: known.at }, false);
  };
}

/** The roles that were there and are not any more, of those that the policy names. */
export function lostOf(policy: Policy, before: string, after: string): readonly RoleId[] {
  const [had, has] = [readScopeText(before), readScopeText(after)];
  return policy.roles.map(({ id }) => id).filter((id) => had.includes(id) && !has.includes(id));
}

/** One more than a few, and more than a share of all: somebody may have made a mistake in Discord. */
function isMassLoss({ othersLost, members }: LookFacts): boolean {
  const lost = othersLost + 1;
  return lost > FEW && lost * SHARE > members;
}

function plan(
  policy: Policy,
  act: Act,
  { userId, known, isBanned, hasLive }: LookFacts,
  look: KnownLook,
  isLoss: boolean,
): LookPlan {
  const isOut = (roles: string | null) => policy.standing('', roles).isSuspended;
  const isSuspended = isOut(look.roles) && !isOut(known?.roles ?? null);
  const isTold = isSuspended && hasLive && !isBanned && !wasToldLately(known, act.at);
  const toldAt = isTold ? act.at : known?.toldAt;
  const named = (ids: readonly RoleId[]) =>
    policy.roles.filter(({ id }) => ids.includes(id)).map(({ name }) => name);
  const lost = known === null ? [] : named(lostOf(policy, known.roles, look.roles));
  const gained = known === null ? [] : named(lostOf(policy, look.roles, known.roles));
  const isNews = lost.length > 0 || gained.length > 0 || isSuspended;
  const event: AuditEvent = {
    ...act,
    userId,
    action: 'roles.changed',
    lost,
    gained,
    ...(isSuspended ? { suspended: true } : {}),
    ...(isTold ? { told: true } : {}),
  };
  return {
    look: toldAt === undefined ? look : { ...look, toldAt },
    isLoss,
    events: isNews ? [event] : [],
  };
}

/** Once a day is enough, however often the role comes and goes. */
function wasToldLately(known: KnownLook | null, now: number): boolean {
  const { toldAt = -Infinity } = known ?? {};
  return toldAt <= now && now - toldAt < DAY_MS;
}
