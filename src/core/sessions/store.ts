import type { SessionId, UserId } from '../actor.ts';
import type { Act, Finding } from '../audit/audit.ts';
import type { Instant } from '../time.ts';
import type { EndReason, Session, SessionType } from './session.ts';

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
  readonly name: string | null;
  readonly createdAt: Instant;
  /** See {@link Session.scope}. */
  readonly scope: string | null;
  /** Its owner's roles as they were last seen; null if nobody has looked. */
  readonly roles: string | null;
}

export const FOREVER: Instant = Number.MAX_SAFE_INTEGER;

/** Which of a member's live sessions. */
export interface SessionQuery {
  readonly userId: UserId;
  readonly now: Instant;
  readonly type?: SessionType | undefined;
  /** Only what was not used since, and made before. */
  readonly unusedSince?: Instant | undefined;
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
export type SessionName = Pick<Session, 'id' | 'type' | 'name' | 'hint' | 'lastUsedAt'>;

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
  | { readonly one: SessionId; readonly includeDescendants: boolean }
  /** What the session made, and what that made, and so on. */
  | { readonly descendantsOf: SessionId }
  | { readonly allBut: SessionId | null };

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
  countDescendants(userId: UserId, id: SessionId, now: Instant): Promise<number>;
  /** Ends the selected live sessions and returns them as they were. */
  end(
    act: Act,
    userId: UserId,
    selection: Selection,
    reason: EndReason,
  ): Promise<readonly Session[]>;
  /** Gives a live API token another name; null if there is none. */
  rename(act: Act, userId: UserId, id: SessionId, name: string): Promise<Session | null>;
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
