import type { Account, AccountState } from './account.ts';
import type { SessionId, UserId } from './actor.ts';
import type { Act, AuditEvent } from './audit.ts';
import type { Application, Authorization, KnownAuthorization } from './authorization.ts';
import type { NewSession, Parcel } from './parcel.ts';
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

/** Which of a member's sessions. */
export interface SessionQuery {
  readonly userId: UserId;
  readonly now: Instant;
  /** `ended` includes those that expired. Live ones if absent. */
  readonly state?: 'live' | 'ended' | 'all' | undefined;
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

/** How many API tokens an account may hold, and make in an hour; rotations do not count as made. */
export interface Limits {
  readonly maxApiTokens: number;
  readonly creationsPerHour: number;
}

/** `parent_ended`: the session whose token asked is not live any more. */
export type Stored =
  | { readonly is: 'stored' | 'banned' | 'limit_reached' | 'parent_ended' | 'not_found' }
  | { readonly is: 'rate_limited'; readonly until: Instant };

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

  /** Whether `add` would store another API token now; it looks again itself. */
  mayAdd(userId: UserId, limits: Limits, now: Instant): Promise<Stored>;
  /** Stores a session, after a look at ban, limit and parent in the same transaction. */
  add(act: Act, fresh: NewSession, limits: Limits): Promise<Stored>;
  /** Stores a login and what Discord said; ends the oldest logins beyond `maxLogins`. */
  addLogin(
    act: Act,
    fresh: NewSession,
    authorization: KnownAuthorization,
    maxLogins: number,
  ): Promise<Stored>;
  /** Stores `fresh` and ends the live API token that it replaces. */
  replace(act: Act, fresh: NewSession): Promise<Stored>;
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

  findAuthorization(userId: UserId): Promise<KnownAuthorization | null>;
  /** What Discord last said of our own application; null before the bot was ever connected. */
  findApplication(): Promise<Application | null>;
  saveApplication(application: Application): Promise<void>;

  /**
   * Looks at the next `limit` sessions after `cursor`, oldest first, and removes those that ended or
   * expired before `before`. Returns the cursor to go on from; null when all were looked at.
   */
  purge(before: Instant, limit: number, cursor: SessionId | null): Promise<SessionId | null>;

  /** Resolves if the database answers. */
  ping(): Promise<void>;
  close(): Promise<void>;
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

/** What a client brings back from Discord's consent page (RFC 6749, section 4.1.3). */
export interface Grant {
  readonly code: string;
  readonly redirectUri: string;
  /** RFC 7636, section 4.1. */
  readonly codeVerifier?: string | undefined;
}

/**
 * Asks Discord what a grant stands for.
 * @throws AppError `invalid` where Discord refuses the code, and then it is spent; `upstream` where
 * Discord fails, and then the same grant may be tried again
 */
export type Identify = (grant: Grant, applicationId: string) => Promise<Authorization>;

/**
 * Is this user in the community's server, now?
 * @throws AppError `upstream` where Discord does not say
 */
export type IsCommunityMember = (userId: UserId) => Promise<boolean>;
