import type { Actor, SessionId, UserId } from './actor.ts';
import type { EndReason, Instant, Session, SessionType } from './session.ts';

/** Who did something, and when. */
export interface Act {
  readonly actor: Actor;
  readonly at: Instant;
}

/** What is written down, in the transaction of the act itself. Never a token, never its hash. */
export type AuditEvent = Act & { readonly userId: UserId } & (
    | {
        readonly action: 'session.created';
        readonly sessionId: SessionId;
        readonly type: SessionType;
        readonly expiresAt: Instant;
      }
    | {
        readonly action: 'session.rotated';
        readonly sessionId: SessionId;
        readonly replaced: SessionId;
        readonly expiresAt: Instant;
      }
    | {
        readonly action: 'session.ended';
        readonly sessionId: SessionId;
        readonly reason: EndReason;
      }
    | { readonly action: 'token.undelivered'; readonly why: string }
    | { readonly action: 'account.banned' | 'account.unbanned'; readonly reason: string | null }
  );

export function created(act: Act, session: Session): AuditEvent {
  const { userId, id: sessionId, type, expiresAt } = session;
  return { ...act, userId, action: 'session.created', sessionId, type, expiresAt };
}

export function rotated(act: Act, replaced: SessionId, session: Session): AuditEvent {
  const { userId, id: sessionId, expiresAt } = session;
  return { ...act, userId, action: 'session.rotated', sessionId, replaced, expiresAt };
}

export function ended(act: Act, session: Session, reason: EndReason): AuditEvent {
  return { ...act, userId: session.userId, action: 'session.ended', sessionId: session.id, reason };
}
