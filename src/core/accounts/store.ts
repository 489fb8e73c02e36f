import type { UserId } from '../actor.ts';
import type { Act } from '../audit/audit.ts';
import type { SessionType } from '../sessions/session.ts';
import type { Instant } from '../time.ts';
import type { Account, Ban, BanSource } from './account.ts';
import type { KnownAuthorization } from './authorization.ts';
import type { Notice, NoticeSettings } from './notice.ts';

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

export interface NoticeStore {
  findNotices(userId: UserId): Promise<NoticeSettings>;
  /** Opens no account: who has one is not asked about in the server any more. */
  saveNotice(userId: UserId, notice: Notice, on: boolean): Promise<void>;
  /** Remembers since when Discord refuses messages to a member; null if it does not. */
  saveDmStatus(userId: UserId, refusedAt: Instant | null): Promise<void>;
}
