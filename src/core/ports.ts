import type { Account, AccountState } from './account.ts';
import type { SessionId, UserId } from './actor.ts';
import type { Act, AuditEvent } from './audit.ts';
import type { EndReason, Instant, Session, SessionType } from './session.ts';

/** The time, as milliseconds since the Unix epoch. */
export type Clock = () => Instant;

/** What a token check needs to know, in one look-up. */
export interface CheckedSession {
  readonly id: SessionId;
  readonly userId: UserId;
  readonly type: SessionType;
  readonly expiresAt: Instant;
  readonly endReason: EndReason | null;
  readonly state: AccountState;
}

export interface NewSession {
  readonly session: Session;
  /** SHA-256 of the token, 32 bytes. */
  readonly tokenHash: Uint8Array;
}

/** Which of a member's live sessions. */
export interface SessionQuery {
  readonly userId: UserId;
  readonly now: Instant;
  readonly type?: SessionType | undefined;
  /** A part of the name, the type or the hint; upper and lower case are the same. */
  readonly matching?: string | undefined;
  /** At most this many; all of them if absent. */
  readonly limit?: number | undefined;
  /** Only what is older, or only what is newer, than this id; it need not exist any more. */
  readonly cursor?: { readonly after: SessionId } | { readonly before: SessionId } | undefined;
}

/** Newest first. */
export interface SessionPage {
  readonly sessions: readonly Session[];
  /** How many match in all, and how many of those are newer than the first one here. */
  readonly total: number;
  readonly newer: number;
}

export interface LiveCount {
  readonly type: SessionType;
  readonly count: number;
  readonly nextExpiry: Instant;
}

/** Which sessions of one member to end. Those that ended already are left as they are. */
export type Selection =
  | { readonly one: SessionId; readonly andMade: boolean }
  /** What the session made, and what that made, and so on. */
  | { readonly madeBy: SessionId }
  | { readonly allBut: SessionId | null };

/** Why nothing was stored. `parent_ended`: the session whose token asked is not live any more. */
export type NotStored = 'banned' | 'limit_reached' | 'parent_ended' | 'not_found';

/**
 * Where everything is kept. Each method is atomic in itself, and what it promises is durable when its
 * promise resolves; the audit events are written in the same transaction as what they tell of.
 * Ownership is part of each query: another member's session and none at all are the same.
 * @throws AppError `unavailable` where nothing could be written, and then nothing was
 */
export interface Store {
  /** The session with this token hash, live or not; null if there is none. */
  findByToken(tokenHash: Uint8Array): Promise<CheckedSession | null>;
  findAccount(userId: UserId): Promise<Account | null>;
  /** A member's live session. */
  findLive(userId: UserId, id: SessionId, now: Instant): Promise<Session | null>;
  page(query: SessionQuery): Promise<SessionPage>;
  /** The types of which the member has live sessions. */
  countLive(userId: UserId, now: Instant): Promise<readonly LiveCount[]>;
  /** How many live sessions this one made, directly or through others. */
  countMadeBy(userId: UserId, id: SessionId, now: Instant): Promise<number>;

  /** Stores a session, after a look at ban, limit and parent in the same transaction. */
  add(act: Act, fresh: NewSession, maxApiTokens: number): Promise<'stored' | NotStored>;
  /** Stores `fresh` and ends `replaced`, which must be live and an API token. */
  replace(act: Act, fresh: NewSession, replaced: SessionId): Promise<'stored' | NotStored>;
  /** Ends the selected live sessions and returns them as they were. */
  end(
    act: Act,
    userId: UserId,
    selection: Selection,
    reason: EndReason,
  ): Promise<readonly Session[]>;
  /** Moves the last use forward, never back. */
  touch(uses: readonly (readonly [SessionId, Instant])[]): Promise<void>;
  setAccountState(
    act: Act,
    userId: UserId,
    state: AccountState,
    reason: string | null,
  ): Promise<void>;
  record(event: AuditEvent): Promise<void>;
  /**
   * Looks at the next `limit` sessions after `cursor`, oldest first, and removes those that ended or
   * expired before `before`. Returns the cursor to go on from; null when all were looked at.
   */
  purge(before: Instant, limit: number, cursor: SessionId | null): Promise<SessionId | null>;

  /** Resolves if the database answers. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** A token on its way to its owner. */
export interface Parcel {
  readonly token: string;
  readonly session: Session;
}

/** Proof that a token reached its owner. */
export interface Receipt {
  /** Where the owner finds it. */
  readonly url: string;
  /** Tells the owner, where the token was, that it is void. Does not throw. */
  retract(): Promise<void>;
}

/**
 * Hands a token to its owner.
 * @throws AppError `dm_closed` where the owner does not let us, `undelivered` where it failed or
 * nobody knows whether it did
 */
export type Deliver = (parcel: Parcel) => Promise<Receipt>;
