import type { UserId } from '../actor.ts';
import type { AuditRow } from '../audit/audit.ts';
import type { Session } from '../sessions/session.ts';
import type { Instant } from '../time.ts';

/** A message that holds a token, and when it is to be deleted. */
export interface Deletion {
  /** By which the surface that sent it finds it again. */
  readonly messageRef: string;
  readonly dueAt: Instant;
}

export interface DueDeletion {
  readonly messageRef: string;
  /** This attempt included. */
  readonly attempts: number;
}

/** What waits to be told in Discord. */
export interface OutboxBacklog {
  readonly count: number;
  /** When the oldest of it happened; null if nothing waits. */
  readonly oldestAt: Instant | null;
}

/** An event with the session that it is about, as that is now; null if there is none (any more). */
export interface AuditRowWithSession extends AuditRow {
  readonly session: Session | null;
}

/** Events that are owed to one recipient as one message. */
export interface Batch {
  /** A UUID (version 7) of the first attempt. */
  readonly id: string;
  /** A member for a direct message; null for the staff's channel. */
  readonly recipient: UserId | null;
  /** All of one action, unless they are for the staff. */
  readonly events: readonly AuditRowWithSession[];
  /** When it was last tried; null at the first time. */
  readonly triedAt: Instant | null;
  /** This attempt included. */
  readonly attempts: number;
}

export interface OutboxStore {
  /** Counts on to `most` and no further. */
  waiting(most: number): Promise<OutboxBacklog>;
  /** The next message that is due, taken until `again`: by then it is due once more. */
  takeBatch(now: Instant, again: Instant, freshId: string): Promise<Batch | null>;
  /** It was delivered, or never will be. */
  dropBatch(id: string): Promise<void>;
  postponeBatch(id: string, until: Instant): Promise<void>;
}

export interface DeletionStore {
  /**
   * Writes down that the token of a session is about to be sent. Unless that is stored before, its message is
   * to be looked for from then on: it is taken as one that is to be deleted, at its `pendingPlace`.
   */
  expectDelivery(session: Session, lostAt: Instant): Promise<void>;
  /** The next message with a token that is to be deleted or looked for, taken until `again`. */
  takeDeletion(now: Instant, again: Instant): Promise<DueDeletion | null>;
  /** It is gone, or never will be. */
  dropDeletion(messageRef: string): Promise<void>;
  postponeDeletion(messageRef: string, until: Instant): Promise<void>;
}
