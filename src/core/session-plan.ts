import * as audit from './audit.ts';
import type { Act, AuditEvent, Finding } from './audit.ts';
import type { SessionId, UserId } from './actor.ts';
import type { EndReason, Instant, Session } from './session.ts';

/**
 * What a decision changes. An engine decides nothing: behind the account's lock it gathers facts, has
 * them judged, and applies the plan, all in one transaction.
 */
export interface SessionPlan {
  readonly is: 'planned';
  readonly insert?: {
    readonly session: Session;
    /** Whether there may be no account yet. Who has a session has one. */
    readonly opensAccount: boolean;
    readonly remindAt: Instant | null;
    /** When the owner was last told of a rotation in this line of successors. */
    readonly rotationToldAt: Instant | null;
  };
  /** Rotated at the instant of the act; nobody is reminded of them any more. */
  readonly supersede?: readonly {
    readonly id: SessionId;
    readonly expiresAt: Instant;
    readonly rotationToldAt: Instant | null;
  }[];
  /** At the instant of the act, by who acts. */
  readonly end?: readonly { readonly id: SessionId; readonly reason: EndReason }[];
  /** To be written down, in this order, with the messages that are owed about them. */
  readonly events: readonly AuditEvent[];
}

/** Ends sessions together, all of one owner's. */
export function planEnding(
  act: Act,
  userId: UserId,
  sessions: readonly Session[],
  reason: EndReason,
): SessionPlan {
  const { length: count } = sessions;
  return {
    is: 'planned',
    end: sessions.map(({ id }) => ({ id, reason })),
    events: [
      ...sessions.map((session) => audit.ended(act, session, reason, count)),
      ...(count > 1 ? [{ ...act, userId, action: 'sessions.ended', reason, count } as const] : []),
    ],
  };
}

/** Ends what is live of a token that somebody found, and of all that it made. */
export function planFinding(
  act: Act,
  session: Session,
  live: readonly Session[],
  finding: Finding,
): SessionPlan {
  const reason = finding.as === 'reported' ? 'leaked' : 'revoked';
  const plan = planEnding(act, session.userId, live, reason);
  return { ...plan, events: [...plan.events, audit.found(act, session, live.length, finding)] };
}
