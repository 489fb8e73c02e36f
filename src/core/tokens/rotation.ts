import type { Act } from '../audit/audit.ts';
import * as audit from '../audit/audit.ts';
import { rotationsPerHour } from '../permission.ts';
import { isOutdated, newestOf } from '../policy/policy.ts';
import type { KnownLook } from '../policy/standing.ts';
import { nextReminder } from '../sessions/reminders.ts';
import { planEnding, type SessionPlan } from '../sessions/session-plan.ts';
import { isLive, type Session } from '../sessions/session.ts';
import type { Decided } from './creation.ts';
import type { Instant } from '../time.ts';
import type { Limits } from './allowance.ts';
import { exhaustedUntil, type Made } from './allowance.ts';
import type { Rotation, StoreOutcome } from './store.ts';

/** A session that took the place of another. */
export interface Successor {
  readonly session: Session;
  /** Whether something took its place in turn. */
  readonly isReplaced: boolean;
}

/** What is known of an API token that is to be replaced. */
export interface RotationFacts {
  readonly isBanned: boolean;
  /** Null where the owner has no such session. */
  readonly old: Session | null;
  /** When its owner was last told of a rotation in its line of successors. */
  readonly lastToldAt: Instant | null;
  readonly parentIsLive: boolean;
  readonly rotatedWithinHour: Made;
  readonly successors: readonly Successor[];
  /** Counted on to {@link mostLiveTokens} and no further. */
  readonly liveApiTokens: number;
  /** What was last seen of its owner's roles. */
  readonly look: KnownLook | null;
}

/** Who asks: what the new token would be made by, of whom. */
export type Replacing = Pick<Session, 'userId' | 'parentId' | 'replaces'>;

export interface Replaceable {
  readonly is: 'replaceable';
  readonly old: Session;
  /** Its live successors, which nobody has used. */
  readonly lost: readonly Session[];
}

/** How many API tokens may be live through rotations, besides those that end with this one. */
export function mostLiveTokens({ maxApiTokens }: Limits, successors: number): number {
  return 2 * maxApiTokens + successors;
}

/** What a rotation takes the place of, or why it may not. */
export function findReplaceable(
  facts: RotationFacts,
  asked: Replacing,
  rotation: Rotation,
  limits: Limits,
  now: Instant,
): StoreOutcome | Replaceable {
  const { old, successors } = facts;
  if (facts.isBanned) return { is: 'banned' };
  if (old?.type !== 'api') return { is: 'not_found' };
  // First: of two that rotate themselves at once, the second has ended by the other.
  if (old.rotatedAt !== rotation.rotatedAt) return { is: 'rotated' };
  if (!facts.parentIsLive) return { is: 'parent_ended' };
  if (!isLive(old, now)) return { is: 'not_found' };
  const most = rotationsPerHour(limits);
  const until = exhaustedUntil(facts.rotatedWithinHour, most);
  if (until !== null) return { is: 'rate_limited', what: 'rotated', most, until };
  if (successors.some((each) => isInUse(each, now))) return { is: 'rotated' };
  const lost = successors.map(({ session }) => session).filter((each) => isLive(each, now));
  // Only who has rotated it may do so again: to anybody else the successor is not lost.
  if (lost.some(({ parentId }) => parentId !== asked.parentId)) return { is: 'rotated' };
  const goesOn = rotation.graceEndsAt > now;
  if (goesOn && facts.liveApiTokens >= mostLiveTokens(limits, lost.length)) {
    return { is: 'limit_reached' };
  }
  return { is: 'replaceable', old, lost };
}

/** Puts a new API token in the place of an old one, which ends with its grace. */
export function judgeRotation(
  facts: RotationFacts,
  act: Act,
  { session, look = null }: Decided,
  rotation: Rotation,
  limits: Limits,
): StoreOutcome | SessionPlan {
  const { at } = act;
  const found = findReplaceable(facts, session, rotation, limits, at);
  if (found.is !== 'replaceable') return found;
  if (isOutdated(look, facts.look)) return { is: 'roles_changed' };
  const { old, lost } = found;
  const graceEndsAt = Math.min(rotation.graceEndsAt, old.expiresAt);
  const tells = audit.tellsOfRotation(act, facts.lastToldAt, lost.length > 0);
  const rotationToldAt = tells ? at : facts.lastToldAt;
  const ended = rotation.graceEndsAt <= at ? [...lost, old] : lost;
  // Each by itself: one followed the other.
  const endings = ended.map((each) => planEnding(act, each.userId, [each], 'rotated'));
  return {
    is: 'planned',
    supersede: [
      ...lost.map(({ id, expiresAt }) => ({
        id,
        expiresAt: Math.min(expiresAt, at),
        rotationToldAt,
      })),
      { id: old.id, expiresAt: graceEndsAt, rotationToldAt },
    ],
    end: endings.flatMap(({ end = [] }) => end),
    insert: {
      session,
      opensAccount: false,
      remindAt: nextReminder(session, session.createdAt),
      rotationToldAt,
      look: newestOf(look, facts.look),
    },
    events: [
      audit.rotated(act, old.id, graceEndsAt, session, tells),
      ...endings.flatMap(({ events }) => events),
    ],
  };
}

/** Somebody has it: it was used, or rotated in turn. */
function isInUse({ session, isReplaced }: Successor, now: Instant): boolean {
  return isReplaced || (isLive(session, now) && session.lastUsedAt !== null);
}
