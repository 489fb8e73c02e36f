import type { BanSource } from '../accounts/account.ts';
import { type Actor, credentialOf, type SessionId, type UserId } from '../actor.ts';
import type { RequestDetail } from '../requests/request-detail.ts';
import type { EndReason, Session, SessionType } from '../sessions/session.ts';
import type { Instant } from '../time.ts';

/** Who did something, and when. */
export interface Act {
  readonly actor: Actor;
  readonly at: Instant;
}

/** What makes a new token worth a look by the staff. */
export type Anomaly = 'many' | 'long' | 'fresh';

type AuditDetail =
  | {
      readonly action: 'session.created';
      readonly sessionId: SessionId;
      readonly type: SessionType;
      readonly expiresAt: Instant;
      readonly oddities?: readonly Anomaly[];
      /** What it may do, where there is a policy. */
      readonly scope?: string;
      /** Which of the staff approved that, where somebody had to. */
      readonly approvedBy?: UserId;
    }
  | RequestDetail
  | {
      readonly action: 'session.rotated';
      readonly sessionId: SessionId;
      readonly replaced: SessionId;
      readonly expiresAt: Instant;
      /** Until when the replaced one goes on. */
      readonly graceEndsAt: Instant;
      /** Whether its owner is told. */
      readonly told: boolean;
      /** What the new one may do, where there is a policy. */
      readonly scope?: string;
    }
  /** Somebody wanted to repeat a rotation that another had made. */
  | { readonly action: 'rotation.refused'; readonly sessionId: SessionId; readonly hint: string }
  | {
      readonly action: 'session.ended';
      readonly sessionId: SessionId;
      readonly reason: EndReason;
      readonly hint: string;
      /** How many ended together, this one included. */
      readonly among: number;
    }
  /** Several at once; each has an event of its own besides. */
  | { readonly action: 'sessions.ended'; readonly reason: EndReason; readonly count: number }
  /** Its owner is told: that it expires soon or did, that it was used first, or after its grace. */
  | {
      readonly action: 'token.expiring' | 'token.expired' | 'token.first_used' | 'token.reused';
      readonly sessionId: SessionId;
      readonly hint: string;
    }
  | { readonly action: 'token.undelivered'; readonly why: string }
  /** Somebody pointed at a message with this token in it. */
  | {
      readonly action: 'token.reported';
      readonly sessionId: SessionId;
      readonly hint: string;
      /** How many sessions ended: that one, if it was live, and all that it made. */
      readonly ended: number;
      readonly channelId: string | null;
    }
  /** Its owner gave it another name. Names are not written down. */
  | { readonly action: 'token.renamed'; readonly sessionId: SessionId; readonly hint: string }
  /** Somebody who had the token ended it. */
  | {
      readonly action: 'token.revoked';
      readonly sessionId: SessionId;
      readonly hint: string;
      readonly type: SessionType;
      readonly ended: number;
    }
  /** The message with a token in it was deleted. `userId` is who wrote it. */
  | { readonly action: 'message.deleted'; readonly channelId: string }
  | { readonly action: 'login.refused'; readonly why: string }
  /** Discord's AutoMod kept a message with a token from being posted. */
  | { readonly action: 'guard.blocked'; readonly channelId: string | null }
  | { readonly action: 'guard.changed'; readonly on: boolean }
  | {
      readonly action: 'account.banned';
      readonly source: BanSource;
      readonly reason: string | null;
      readonly until: Instant | null;
      readonly ended: number;
      /** Whether the member is told the reason. */
      readonly told?: boolean;
    }
  | {
      readonly action: 'account.unbanned';
      readonly source: BanSource;
      readonly reason: string | null;
      /** Another ban takes its place at once. */
      readonly isFollowed?: boolean;
    }
  /** What was seen of a member's roles changed what counts: names of roles. */
  | {
      readonly action: 'roles.changed';
      readonly lost: readonly string[];
      readonly gained: readonly string[];
      /** Nothing of theirs works, since they have no role left that may hold tokens. */
      readonly suspended?: true;
      /** Whether the member is told that. */
      readonly told?: true;
    }
  /** So many members lost these roles, at once, that it waits for the staff; it took effect; it waits longer. */
  | {
      readonly action: 'roles.held' | 'roles.applied' | 'roles.kept';
      readonly roles: readonly string[];
      readonly count: number;
    }
  | { readonly action: 'account.exported' | 'account.forgotten' | 'sessions.exported' }
  /** One of the staff looked at what a member has; their own id where it was everybody's. */
  | { readonly action: 'staff.viewed'; readonly what: 'member' | 'sessions' | 'audit' }
  /** Somebody who may not tried a command of the staff's. */
  | {
      readonly action: 'staff.refused';
      readonly command: string;
      readonly why: string;
      /** One of the staff only mistook the channel. */
      readonly slip?: boolean;
    };

/** What is written down, in the transaction of the act itself. Never a token, never its hash. */
export type AuditEvent = Act & { readonly userId: UserId } & AuditDetail;

export type AuditAction = AuditEvent['action'];

/** In the place of a member's id in what is about several. */
export const SEVERAL = 'several';

export const AUDIT_ACTIONS = Object.keys({
  'session.created': true,
  'session.rotated': true,
  'rotation.refused': true,
  'session.ended': true,
  'sessions.ended': true,
  'token.expiring': true,
  'token.expired': true,
  'token.first_used': true,
  'token.reused': true,
  'token.undelivered': true,
  'token.reported': true,
  'token.revoked': true,
  'token.renamed': true,
  'message.deleted': true,
  'login.refused': true,
  'guard.blocked': true,
  'guard.changed': true,
  'account.banned': true,
  'account.unbanned': true,
  'roles.changed': true,
  'roles.held': true,
  'roles.applied': true,
  'roles.kept': true,
  'account.exported': true,
  'account.forgotten': true,
  'sessions.exported': true,
  'request.opened': true,
  'request.approved': true,
  'request.undelivered': true,
  'request.denied': true,
  'request.lapsed': true,
  'staff.viewed': true,
  'staff.refused': true,
} satisfies Record<AuditAction, true>) as readonly AuditAction[];

/** An event as it is read back. */
export interface AuditRow {
  readonly id: number;
  readonly at: Instant;
  readonly actorKind: Actor['kind'];
  readonly actorId: UserId | null;
  /** The session with whose token it was done; null where Discord vouched for who did it. */
  readonly actorSessionId: SessionId | null;
  /** The last characters of that token; null once its session is gone. */
  readonly actorHint: string | null;
  readonly requestId: string | null;
  readonly action: AuditAction;
  readonly userId: UserId;
  readonly sessionId: SessionId | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

export function created(
  act: Act,
  session: Session,
  anomalies: readonly Anomaly[],
  approvedBy?: UserId,
): AuditEvent {
  const { userId, id: sessionId, type, expiresAt, scope } = session;
  return {
    ...act,
    userId,
    action: 'session.created',
    sessionId,
    type,
    expiresAt,
    ...(anomalies.length === 0 ? {} : { oddities: anomalies }),
    ...(scope === null ? {} : { scope }),
    ...(approvedBy === undefined ? {} : { approvedBy }),
  };
}

export function rotated(
  act: Act,
  replaced: SessionId,
  graceEndsAt: Instant,
  session: Session,
  tells: boolean,
): AuditEvent {
  const { userId, id: sessionId, expiresAt, scope } = session;
  const event = { ...act, userId, action: 'session.rotated', sessionId } as const;
  const written = scope === null ? {} : { scope };
  return { ...event, replaced, expiresAt, graceEndsAt, told: tells, ...written };
}

const DAY_MS = 86_400_000;

/**
 * Whether the owner is told of a rotation: one over HTTP, if it ends a successor that nobody has used or if
 * they were told of none in its line for a day. What they do in Discord they know.
 */
export function tellsOfRotation(
  { actor, at }: Act,
  lastToldAt: Instant | null,
  isRepeated: boolean,
): boolean {
  if (credentialOf(actor) === null) return false;
  // Somebody lost the answer, or somebody else has the old token.
  if (isRepeated) return true;
  return lastToldAt === null || at - lastToldAt >= DAY_MS || lastToldAt > at;
}

export function ownerNotified(
  act: Act,
  action:
    'token.expiring' | 'token.expired' | 'token.first_used' | 'token.reused' | 'rotation.refused',
  { userId, id: sessionId, hint }: Pick<Session, 'userId' | 'id' | 'hint'>,
): AuditEvent {
  return { ...act, userId, action, sessionId, hint };
}

export function renamed(act: Act, { userId, id: sessionId, hint }: Session): AuditEvent {
  return { ...act, userId, action: 'token.renamed', sessionId, hint };
}

export function ended(act: Act, session: Session, reason: EndReason, among: number): AuditEvent {
  const { userId, id: sessionId, hint } = session;
  return { ...act, userId, action: 'session.ended', sessionId, reason, hint, among };
}

/** What is written down of the first use of a session: of API tokens only, since who logs in knows. */
export function firstUsed(act: Act, session: Session): readonly AuditEvent[] {
  return session.type === 'api' ? [ownerNotified(act, 'token.first_used', session)] : [];
}

/** Somebody had a token: they reported where it lay open, or revoked it. */
export type Finding =
  { readonly as: 'reported'; readonly channelId: string | null } | { readonly as: 'revoked' };

export function found(act: Act, session: Session, count: number, finding: Finding): AuditEvent {
  const { userId, id: sessionId, hint, type } = session;
  const event = { ...act, userId, sessionId, hint, ended: count };
  return finding.as === 'reported'
    ? { ...event, action: 'token.reported', channelId: finding.channelId }
    : { ...event, action: 'token.revoked', type };
}
