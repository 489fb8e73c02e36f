import { isBanned } from './accounts/account.ts';
import type { Actor, Member, SessionId, UserId } from './actor.ts';
import { banned, noSuchSession, refuse } from './errors.ts';
import type { IsCommunityMember } from './logins/identity.ts';
import type { Store } from './store.ts';
import type { Instant } from './time.ts';
import type { Limits } from './tokens/allowance.ts';
import type { StoreOutcome } from './tokens/store.ts';

/** @throws AppError `banned` */
export async function requireNormal(store: Store, userId: UserId, now: Instant): Promise<void> {
  if (isBanned(await store.findAccount(userId), now)) throw banned();
}

/** @throws AppError `restricted` for who is not in the community's server, where that is asked for */
export async function requireCommunity(
  isCommunityMember: IsCommunityMember | undefined,
  userId: UserId,
): Promise<void> {
  if (isCommunityMember === undefined || (await isCommunityMember(userId))) return;
  throw refuse({ code: 'restricted', reason: 'members_only' });
}

/**
 * A token that was rotated works on for what uses it, but not for who would undo the rotation with it
 * (RFC 9700, section 4.14.2): it may look, end itself, and repeat its own rotation.
 * @throws AppError `restricted`
 */
export function requireCurrent(actor: Member, target?: SessionId): void {
  if (actor.isSuperseded !== true || target === actor.sessionId) return;
  throw refuse({ code: 'restricted', reason: 'superseded' });
}

/** Enough for every token of an account and for mistakes, and an end to a loop that has gone wrong. */
export function rotationsPerHour({ maxApiTokens, creationsPerHour }: Limits): number {
  return 2 * Math.max(maxApiTokens, creationsPerHour);
}

/** @throws AppError with the reason, unless the outcome is that it was stored */
export function requireStored(outcome: StoreOutcome, limits: Limits, now: Instant): void {
  switch (outcome.is) {
    case 'stored':
      return;
    case 'banned':
      throw banned();
    case 'not_found':
      throw noSuchSession();
    case 'rotated':
      throw refuse({ code: 'conflict', reason: 'rotated_first' });
    case 'retracted':
      throw refuse({ code: 'undelivered', reason: 'retracted' });
    case 'parent_ended':
      throw refuse({ code: 'invalid_token' });
    case 'limit_reached':
      throw refuse({ code: 'limit_reached', max: limits.maxApiTokens });
    case 'rate_limited':
      throw refuse(
        { code: 'rate_limited', reason: outcome.what, max: outcome.most },
        { retryAfterMs: outcome.until - now },
      );
  }
}

/** @throws AppError `restricted` for everybody but the staff and the program itself */
export function requireStaff(actor: Actor): void {
  if (actor.kind !== 'staff' && actor.kind !== 'system')
    throw refuse({ code: 'restricted', reason: 'staff_only' });
}
