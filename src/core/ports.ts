import type { Account, Ban, BanSource } from './account.ts';
import type { SessionId, UserId } from './actor.ts';
import type { Act, AuditAction, AuditEvent, AuditRow, Finding } from './audit.ts';
import type { KnownAuthorization } from './authorization.ts';
import type { NewSession } from './parcel.ts';
import type { Notice, Notices } from './notices.ts';
import type { EndReason, Instant, Session, SessionType } from './session.ts';

/** The time, as milliseconds since the Unix epoch. */
export type Clock = () => Instant;

/** What a token check needs to know, in one look-up. */
export interface CheckedSession {
  readonly id: SessionId;
  readonly userId: UserId;
  readonly type: SessionType;
  readonly expiresAt: Instant;
  readonly rotatedAt: Instant | null;
  /** It took another one's place, and no use of it is written down yet. */
  readonly isUntried: boolean;
  readonly endReason: EndReason | null;
  /** Until when the account is banned: null if it is not, {@link FOREVER} where no end is known. */
  readonly bannedUntil: Instant | null;
}

export const FOREVER: Instant = Number.MAX_SAFE_INTEGER;

/** Which of a member's live sessions. */
export interface SessionQuery {
  readonly userId: UserId;
  readonly now: Instant;
  readonly type?: SessionType | undefined;
  /** At most this many; all of them if absent. */
  readonly limit?: number | undefined;
  /** Only what is older, or only what is newer, than this id; it need not exist any more. */
  readonly cursor?: { readonly after: SessionId } | { readonly before: SessionId } | undefined;
}

/** Which of a member's sessions, of whatever is kept. */
export interface HistoryQuery {
  readonly userId: UserId;
  readonly now: Instant;
  /** `ended` includes those that expired. */
  readonly state: 'live' | 'ended' | 'all';
  readonly type?: SessionType | undefined;
  readonly limit: number;
  /** Only what is older than this id; it need not exist any more. */
  readonly after?: SessionId | undefined;
}

/** Newest first. */
export interface SessionPage {
  readonly sessions: readonly Session[];
  /** How many match in all, and how many of those are newer than the first one here. */
  readonly total: number;
  readonly newer: number;
}

/** What a session is called where somebody picks one. */
export type SessionName = Pick<Session, 'id' | 'type' | 'name' | 'hint'>;

/** Which of the names of a member's live sessions. */
export interface NamesQuery {
  readonly userId: UserId;
  readonly now: Instant;
  readonly type?: SessionType | undefined;
  readonly limit: number;
  /** Only those of sessions that are older than this one. */
  readonly after?: SessionId | undefined;
}

export interface LiveCount {
  readonly type: SessionType;
  readonly count: number;
  /** How many of them were rotated, and work on until their grace is over. */
  readonly rotated: number;
  /** Of those that were not rotated; null if all were. */
  readonly nextExpiry: Instant | null;
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

/**
 * `parent_ended`: the session whose token asked is not live any more; `rotated`: another rotation was
 * faster; `retracted`: its owner was told, or is about to be, that the token does not work.
 */
export type Stored =
  | {
      readonly is:
        | 'stored'
        | 'banned'
        | 'limit_reached'
        | 'parent_ended'
        | 'not_found'
        | 'rotated'
        | 'retracted';
    }
  | {
      readonly is: 'rate_limited';
      readonly what: 'created' | 'rotated';
      /** How many times an hour. */
      readonly most: number;
      readonly until: Instant;
    };

/** What is to become of the API token that a rotation replaces. */
export interface Rotation {
  /** Its `rotatedAt` when the rotation began: if that has changed, another one was faster. */
  readonly rotatedAt: Instant | null;
  /** When it ends at the latest; at once if that is not in the future. */
  readonly graceEndsAt: Instant;
}

/** A message that holds a token, and when it is to be deleted. */
export interface Deletion {
  /** By which the surface that sent it finds it again. */
  readonly place: string;
  readonly dueAt: Instant;
}

export interface DueDeletion {
  readonly place: string;
  /** This attempt included. */
  readonly attempts: number;
}

/** Sessions of all members, for the staff. Newest first. */
export interface InventoryQuery {
  readonly now: Instant;
  readonly type?: SessionType | undefined;
  /** Only what expires before. */
  readonly expiresBefore?: Instant | undefined;
  /** Only what was not used since, and made before. */
  readonly unusedSince?: Instant | undefined;
  readonly limit: number;
  readonly after?: SessionId | undefined;
}

/** Events, newest first. */
export interface AuditQuery {
  readonly userId?: UserId | undefined;
  /** Only these; all if absent. */
  readonly actions?: readonly AuditAction[] | undefined;
  readonly since?: Instant | undefined;
  readonly limit: number;
  /** Only what is older than this event. */
  readonly before?: number | undefined;
}

export interface Stats {
  readonly accounts: number;
  readonly banned: number;
  readonly live: Readonly<Record<SessionType, number>>;
  /** API tokens made, and live sessions used, since the given instant. */
  readonly made: number;
  readonly used: number;
}

/** What a part of the members have. */
export interface LiveTotals {
  readonly live: Readonly<Record<SessionType, number>>;
  /** The last of them, to go on from; null when there are no others. */
  readonly last: UserId | null;
}

/** What waits to be told in Discord. */
export interface Waiting {
  readonly count: number;
  /** When the oldest of it happened; null if nothing waits. */
  readonly oldestAt: Instant | null;
}

/** An event with the session that it is about, as that is now; null if there is none (any more). */
export interface Told extends AuditRow {
  readonly session: Session | null;
}

/** Events that are owed to one recipient as one message. */
export interface Batch {
  /** A UUID (version 7) of the first attempt. */
  readonly id: string;
  /** A member for a direct message; null for the staff's channel. */
  readonly recipient: UserId | null;
  /** All of one action, unless they are for the staff. */
  readonly events: readonly Told[];
  /** When it was last tried; null at the first time. */
  readonly triedAt: Instant | null;
  /** This attempt included. */
  readonly attempts: number;
}

export interface SessionStore {
  /** The session with this token hash, live or not; null if there is none. */
  findByToken(tokenHash: Uint8Array): Promise<CheckedSession | null>;
  /** A member's live session. */
  findLive(userId: UserId, id: SessionId, now: Instant): Promise<Session | null>;
  /** The live session whose token made this one, live or not; null if there is none. */
  findLiveParent(userId: UserId, id: SessionId, now: Instant): Promise<Session | null>;
  page(query: SessionQuery): Promise<SessionPage>;
  /** Newest first. */
  history(query: HistoryQuery): Promise<readonly Session[]>;
  /** Newest first. */
  names(query: NamesQuery): Promise<readonly SessionName[]>;
  inventory(query: InventoryQuery): Promise<readonly Session[]>;
  /** The types of which the member has live sessions. */
  countLive(userId: UserId, now: Instant): Promise<readonly LiveCount[]>;
  /** How many live sessions this one made, directly or through others. */
  countMadeBy(userId: UserId, id: SessionId, now: Instant): Promise<number>;
  /** Whether `add` would store another API token now; it looks again itself. */
  mayAdd(userId: UserId, limits: Limits, now: Instant): Promise<Stored>;
  /** Whether `replace` would store it now; it looks again itself. */
  mayReplace(
    session: Pick<Session, 'userId' | 'parentId' | 'replaces'>,
    rotation: Rotation,
    limits: Limits,
    now: Instant,
  ): Promise<Stored>;
  /**
   * Stores a session, after a look at ban, limit and parent in the same transaction. One that a message
   * delivered is stored only while that is expected, and nobody has looked for it; `deletion` says when that
   * message is to be deleted, null if it is not, and is absent where there is no message.
   */
  add(act: Act, fresh: NewSession, limits: Limits, deletion?: Deletion | null): Promise<Stored>;
  /** Stores a login and what Discord said; ends the oldest logins beyond `maxLogins`. */
  addLogin(
    act: Act,
    fresh: NewSession,
    authorization: KnownAuthorization,
    maxLogins: number,
  ): Promise<Stored>;
  /** What took a session's place, the live one or the last; null if nothing did. */
  findSuccessor(userId: UserId, id: SessionId): Promise<Session | null>;
  /**
   * Stores `fresh` in the place of the live API token that it replaces, which ends with its grace. An
   * earlier successor that was never used ends at once; one that was used, rotated in turn or made by
   * another than who asks is left, and `rotated` is said. Its owner is told, as
   * `tellsOfRotation` says. Of `deletion` the same holds as for `add`.
   * At most twice `limits.maxApiTokens` are live together.
   */
  replace(
    act: Act,
    fresh: NewSession,
    rotation: Rotation,
    limits: Limits,
    deletion?: Deletion | null,
  ): Promise<Stored>;
  /** Ends the selected live sessions and returns them as they were. */
  end(
    act: Act,
    userId: UserId,
    selection: Selection,
    reason: EndReason,
  ): Promise<readonly Session[]>;
  /**
   * Ends what these tokens opened, and all that it made. Nothing is written of what had ended before.
   * @returns how many of them were ours, and how many sessions ended
   */
  endFound(
    act: Act,
    tokenHashes: readonly Uint8Array[],
    finding: Finding,
  ): Promise<{ readonly ours: number; readonly ended: number }>;
  /**
   * Looks at the oldest sessions after the cursor, if any, and removes at most `limit` that ended or
   * expired before `before`. Returns the cursor to go on from; null when all were looked at.
   */
  purge(before: Instant, limit: number, cursor: SessionId | null): Promise<SessionId | null>;
}

export interface UseStore {
  /** Moves the last use forward, never back; the first use of an API token is told its owner. */
  touch(act: Act, uses: readonly (readonly [SessionId, Instant])[]): Promise<void>;
  /** Tells the owners that these were used after they had been replaced; once each. */
  warnOfReuse(act: Act, ids: readonly SessionId[]): Promise<void>;
  /** Tells the owner of a token that somebody wanted to repeat another's rotation of it; once a day. */
  warnOfContest(act: Act, userId: UserId, id: SessionId): Promise<void>;
}

export interface ReminderStore {
  /**
   * Looks at about `limit` sessions whose owner is to be reminded, at all of an owner's at once if those are
   * not more than twice that; returns how many those were, which is none once nothing is due. Whom it
   * tells that one expires it tells of their others, too, whose next reminder is near.
   */
  remind(act: Act, limit: number): Promise<number>;
  /** Says no more about the end of a member's session. */
  stopReminders(userId: UserId, id: SessionId): Promise<void>;
}

export interface AccountStore {
  findAccount(userId: UserId): Promise<Account | null>;
  findAuthorization(userId: UserId): Promise<KnownAuthorization | null>;
  /**
   * Bans, and ends all sessions if asked to. A server's ban leaves one of the staff's as it is, and
   * stays when that one ends.
   * @returns how many sessions ended; null if nothing was changed
   */
  ban(act: Act, userId: UserId, ban: Ban, endSessions: boolean): Promise<number | null>;
  /**
   * Lifts a ban; the server's only, where that source is named. One of the server's that staff lift
   * counts again once the server has lifted it.
   * @returns whether the account was banned
   */
  unban(
    act: Act,
    userId: UserId,
    reason: string | null,
    source: BanSource | null,
  ): Promise<boolean>;
  /** Lifts at most `limit` bans whose time is over; returns how many. */
  liftExpiredBans(act: Act, limit: number): Promise<number>;
  /** Whom the server has banned, as far as we know. */
  bannedByServer(): Promise<readonly UserId[]>;
  stats(now: Instant, since: Instant): Promise<Stats>;
  /** The live sessions of the next `limit` members after this one, in the order of their ids. */
  totalLive(now: Instant, after: UserId | null, limit: number): Promise<LiveTotals>;
}

export interface ErasureStore {
  /**
   * Erases all that is stored about a member, but for a ban, and blanks what is personal in the audit: of
   * each kind at most `limit` rows, and first of all what is live. What was made within the hour counts
   * on.
   * @returns whether there is more to erase; if not, the account is gone and that is written down
   */
  forget(act: Act, userId: UserId, limit: number): Promise<boolean>;
  /** Removes what members made before they were forgotten, once that counts for nothing. */
  purgeAllowances(now: Instant): Promise<void>;
}

export interface AuditStore {
  record(event: AuditEvent): Promise<void>;
  audit(query: AuditQuery): Promise<readonly AuditRow[]>;
  /** Looks at the `limit` oldest events and removes those from before; returns how many. */
  purgeAudit(before: Instant, limit: number): Promise<number>;
}

export interface OutboxStore {
  /** Counts on to `most` and no further. */
  waiting(most: number): Promise<Waiting>;
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
  dropDeletion(place: string): Promise<void>;
  postponeDeletion(place: string, until: Instant): Promise<void>;
}

export interface NoticeStore {
  findNotices(userId: UserId): Promise<Notices>;
  /** Opens no account: who has one is not asked about in the server any more. */
  saveNotice(userId: UserId, notice: Notice, on: boolean): Promise<void>;
  /** Remembers since when Discord refuses messages to a member; null if it does not. */
  saveReach(userId: UserId, refusedAt: Instant | null): Promise<void>;
}

export interface UpkeepStore {
  findSetting(name: string): Promise<unknown>;
  /** Null removes it. */
  saveSetting(name: string, value: unknown): Promise<void>;
  /** Keeps what is asked until somebody answers or it expires. */
  ask(question: {
    readonly id: string;
    readonly userId: UserId;
    readonly act: unknown;
    readonly expiresAt: Instant;
  }): Promise<void>;
  /** What was asked, once, and only to who was asked; null if it is not there (any more). */
  answer(id: string, userId: UserId, now: Instant): Promise<unknown>;
  /** Forgets at most `limit` that nobody answered in time; returns how many. */
  purgeQuestions(now: Instant, limit: number): Promise<number>;
  /**
   * Whether `holder` has the lease from `now` for `ms`: nobody else gets it before it ends by their
   * clock, which may be a minute behind. One that ends later still comes from a clock that was wrong,
   * and counts for nothing.
   */
  takeLease(name: string, holder: string, now: Instant, ms: number): Promise<boolean>;
  /** Gives a lease back before it ends. */
  dropLease(name: string, holder: string): Promise<void>;
  /** Resolves if the database answers. */
  ping(): Promise<void>;
  /** Whether the last change that was tried could be written. */
  isWritable(): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Where everything is kept. Each method is atomic in itself, and what it promises is durable when its
 * promise resolves; the audit events, and the messages that are owed about them, are written in the
 * same transaction as what they tell of. Ownership is part of each query: another member's session and
 * none at all are the same.
 * @throws AppError `unavailable` where nothing could be written, and then nothing was
 */
export interface Store
  extends
    SessionStore,
    UseStore,
    ReminderStore,
    AccountStore,
    ErasureStore,
    AuditStore,
    OutboxStore,
    DeletionStore,
    NoticeStore,
    UpkeepStore {}
