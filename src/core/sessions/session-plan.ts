import type { SessionId, UserId } from '../actor.ts';
import type { Act, AuditEvent, Finding } from '../audit/audit.ts';
import * as audit from '../audit/audit.ts';
import type { RoleLook } from '../policy/standing.ts';
import type { Instant } from '../time.ts';
import type { EndReason, Session } from './session.ts';

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
    /** What was last seen of its owner's roles, where they count. */
    readonly look: RoleLook | null;
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

/**
 * Ends what is live of tokens that somebody found, all of one owner's, and of all that they made. Each
 * that was live is told of; where none was, the first is, for what it had made.
 */
export function planFinding(
  act: Act,
  userId: UserId,
  found: readonly Session[],
  live: readonly Session[],
  finding: Finding,
): SessionPlan {
  const reason = finding.as === 'reported' ? 'leaked' : 'revoked';
  const plan = planEnding(act, userId, live, reason);
  const open = found.filter(({ id }) => live.some((each) => each.id === id));
  const told = open.length > 0 ? open : found.slice(0, 1);
  const [first, ...others] = told;
  const made = live.length - others.length;
  return {
    ...plan,
    events: [
      ...plan.events,
      ...(first === undefined ? [] : [audit.found(act, first, made, finding)]),
      ...others.map((session) => audit.found(act, session, 1, finding)),
    ],
  };
}
