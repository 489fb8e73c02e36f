import type { Act } from '../audit/audit.ts';
import * as audit from '../audit/audit.ts';
import { isOutdated, newestOf } from '../policy/policy.ts';
import type { KnownLook } from '../policy/standing.ts';
import { nextReminder } from '../sessions/reminders.ts';
import { planEnding, type SessionPlan } from '../sessions/session-plan.ts';
import type { NewSession } from '../sessions/minted-token.ts';
import type { Session } from '../sessions/session.ts';
import type { Limits } from './allowance.ts';
import { exhaustedUntil, type Made } from './allowance.ts';
import { anomaliesOf } from './anomalies.ts';
import type { StoreOutcome } from './store.ts';

/** A session that is to be made, and what was seen of its owner's roles when that was decided. */
export type Decided = Pick<NewSession, 'session' | 'look' | 'approvedBy'>;

/** What is known of an account that is to get another API token. */
export interface CreationFacts {
  readonly isBanned: boolean;
  /** Counted on to `maxApiTokens` and no further. */
  readonly liveApiTokens: number;
  readonly createdWithinHour: Made;
  /** What was last seen of its member's roles. */
  readonly look: KnownLook | null;
}

/** Why an account may not make an API token now; null if it may. */
export function refuseCreation(facts: CreationFacts, limits: Limits): StoreOutcome | null {
  if (facts.isBanned) return { is: 'banned' };
  if (facts.liveApiTokens >= limits.maxApiTokens) return { is: 'limit_reached' };
  const most = limits.creationsPerHour;
  const until = exhaustedUntil(facts.createdWithinHour, most);
  return until === null ? null : { is: 'rate_limited', what: 'created', most, until };
}

/** Makes an API token. `parentIsLive` is true where Discord vouches for who asks. */
export function judgeCreation(
  facts: CreationFacts & { readonly parentIsLive: boolean },
  act: Act,
  { session, look = null, approvedBy }: Decided,
  limits: Limits,
): StoreOutcome | SessionPlan {
  const refused = refuseCreation(facts, limits);
  if (refused !== null) return refused;
  if (!facts.parentIsLive) return { is: 'parent_ended' };
  if (isOutdated(look, facts.look)) return { is: 'roles_changed' };
  const { at, spent } = facts.createdWithinHour;
  const anomalies = anomaliesOf(session, at.length + spent.count);
  return {
    is: 'planned',
    insert: {
      session,
      opensAccount: facts.liveApiTokens === 0 && session.parentId === null,
      remindAt: nextReminder(session, session.createdAt),
      rotationToldAt: null,
      look: newestOf(look, facts.look),
    },
    events: [audit.created(act, session, anomalies, approvedBy)],
  };
}

/** Makes a login; the oldest of `logins`, which are live and newest first, end beyond `most`. */
export function judgeLogin(
  facts: {
    readonly isBanned: boolean;
    readonly look: KnownLook | null;
    readonly logins: readonly Session[];
  },
  act: Act,
  { session, look = null }: Decided,
  most: number,
): StoreOutcome | SessionPlan {
  if (facts.isBanned) return { is: 'banned' };
  if (isOutdated(look, facts.look)) return { is: 'roles_changed' };
  const displaced = facts.logins.slice(Math.max(most - 1, 0));
  // Each by itself: nobody ended them together.
  const endings = displaced.map((each) => planEnding(act, each.userId, [each], 'displaced'));
  return {
    is: 'planned',
    insert: {
      session,
      opensAccount: facts.logins.length === 0,
      remindAt: null,
      rotationToldAt: null,
      look: newestOf(look, facts.look),
    },
    end: endings.flatMap(({ end = [] }) => end),
    events: [audit.created(act, session, []), ...endings.flatMap(({ events }) => events)],
  };
}
