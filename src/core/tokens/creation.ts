import type { Act } from '../audit/audit.ts';
import * as audit from '../audit/audit.ts';
import { nextReminder } from '../sessions/reminders.ts';
import { planEnding, type SessionPlan } from '../sessions/session-plan.ts';
import type { Session } from '../sessions/session.ts';
import type { Limits } from './allowance.ts';
import { exhaustedUntil, type Made } from './allowance.ts';
import { anomaliesOf } from './anomalies.ts';
import type { StoreOutcome } from './store.ts';

/** What is known of an account that is to get another API token. */
export interface CreationFacts {
  readonly isBanned: boolean;
  /** Counted on to `maxApiTokens` and no further. */
  readonly liveApiTokens: number;
  readonly createdWithinHour: Made;
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
  session: Session,
  limits: Limits,
): StoreOutcome | SessionPlan {
  const refused = refuseCreation(facts, limits);
  if (refused !== null) return refused;
  if (!facts.parentIsLive) return { is: 'parent_ended' };
  const { at, spent } = facts.createdWithinHour;
  const anomalies = anomaliesOf(session, at.length + spent.count);
  return {
    is: 'planned',
    insert: {
      session,
      opensAccount: facts.liveApiTokens === 0 && session.parentId === null,
      remindAt: nextReminder(session, session.createdAt),
      rotationToldAt: null,
    },
    events: [audit.created(act, session, anomalies)],
  };
}

/** Makes a login; the oldest of `logins`, which are live and newest first, end beyond `most`. */
export function judgeLogin(
  facts: { readonly isBanned: boolean; readonly logins: readonly Session[] },
  act: Act,
  session: Session,
  most: number,
): StoreOutcome | SessionPlan {
  if (facts.isBanned) return { is: 'banned' };
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
    },
    end: endings.flatMap(({ end = [] }) => end),
    events: [audit.created(act, session, []), ...endings.flatMap(({ events }) => events)],
  };
}
