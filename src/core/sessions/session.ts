import type { SessionId, UserId } from '../actor.ts';
import { refuse } from '../errors.ts';
import type { Instant } from '../time.ts';

export const SESSION_TYPES = ['login', 'app_login', 'api'] as const;
export type SessionType = (typeof SESSION_TYPES)[number];

/** Why a session ended before its expiry. */
export const END_REASONS = ['revoked', 'rotated', 'displaced', 'leaked', 'left', 'banned'] as const;
export type EndReason = (typeof END_REASONS)[number];

export interface Ending {
  readonly at: Instant;
  /** Who ended it; null where nobody did and a rule of ours was carried out. */
  readonly by: UserId | null;
  readonly reason: EndReason;
}

export interface Session {
  readonly id: SessionId;
  readonly userId: UserId;
  readonly type: SessionType;
  readonly name: string | null;
  /** The last four characters of the token: enough to recognise it, nothing to guess from. */
  readonly hint: string;
  /** The session whose token made this one; null where the member made it in Discord. */
  readonly parentId: SessionId | null;
  /** The session in whose place this one was made, by rotation. */
  readonly replaces: SessionId | null;
  /**
   * What it may do, as it was written out when it was made: space-separated and sorted. Null for one that
   * was made before there was a policy.
   */
  readonly scope: string | null;
  readonly createdAt: Instant;
  readonly expiresAt: Instant;
  /** When a successor was made. It goes on beside that one until `expiresAt`. */
  readonly rotatedAt: Instant | null;
  readonly lastUsedAt: Instant | null;
  readonly ended: Ending | null;
}

/** How long a login lasts, by how it came about. Both are fixed: use does not prolong them. */
export const LOGIN_LIFETIME_MS: Record<Exclude<SessionType, 'api'>, number> = {
  login: 3_600_000,
  app_login: 14 * 86_400_000,
};

/** How many logins of an account are live at most; the oldest ends. */
export const MAX_LOGINS = 50;

/** The last instant that every surface can show (RFC 3339 has four digits for the year). */
export const LAST_INSTANT: Instant = Date.UTC(9999, 11, 31, 23, 59, 59);

/** `expiry` must be smaller than this many seconds. In words, since no double is that number. */
export const EXPIRY_BOUND_SECONDS = '9223372036854775';

/** For how long a rotated token may go on beside its successor, in milliseconds. */
export const GRACES = { now: 0, '1h': 3_600_000, '24h': 86_400_000, '7d': 7 * 86_400_000 } as const;
export type Grace = keyof typeof GRACES;

/** For how long an ended session's row tells who ended it, when and why. */
export const ENDED_KEPT_MS = 30 * 86_400_000;

/** Valid exactly while `now < expiresAt` and nobody ended it. */
export function isLive(session: Pick<Session, 'ended' | 'expiresAt'>, now: Instant): boolean {
  return session.ended === null && now < session.expiresAt;
}

/**
 * The instant `seconds` from now, at most {@link LAST_INSTANT}.
 * @throws AppError `invalid` unless `seconds` is whole and `0 < seconds < 9223372036854775`
 */
export function expiryAfter(now: Instant, seconds: number): Instant {
  if (!Number.isInteger(seconds) || seconds <= 0 || seconds >= Number(EXPIRY_BOUND_SECONDS)) {
    throw refuse({ code: 'invalid', reason: 'expiry' });
  }
  return Math.min(now + seconds * 1000, LAST_INSTANT);
}

/** Lives as long as `session` was made for; one that lives until the last instant goes on doing so. */
export function expiryLike(
  session: Pick<Session, 'createdAt' | 'expiresAt'>,
  now: Instant,
): Instant {
  if (session.expiresAt === LAST_INSTANT) return LAST_INSTANT;
  return Math.min(now + (session.expiresAt - session.createdAt), LAST_INSTANT);
}
