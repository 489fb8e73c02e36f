import { isBanned } from './accounts/account.ts';
import type { Actor, Member, SessionId, UserId } from './actor.ts';
import { AppError, banned, conflict, noSuchSession } from './errors.ts';
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
  throw new AppError('restricted', "This is for members of the community's Discord server only.");
}

/**
 * A token that was rotated works on for what uses it, but not for who would undo the rotation with it
 * (RFC 9700, section 4.14.2): it may look, end itself, and repeat its own rotation.
 * @throws AppError `restricted`
 */
export function requireCurrent(actor: Member, target?: SessionId): void {
  if (actor.isSuperseded !== true || target === actor.sessionId) return;
  throw new AppError(
    'restricted',
    'This token was rotated. Until its grace is over it may look, revoke itself and repeat its rotation: use the new one for anything else.',
  );
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
      throw conflict('This token was just rotated by another request. Look for the newer one.');
    case 'retracted':
      throw new AppError(
        'undelivered',
        "It took too long to send the token, so nothing was kept: the one that you got doesn't work. Try again.",
      );
    case 'parent_ended':
      throw new AppError('invalid_token', 'the session that asked has ended');
    case 'limit_reached':
      throw new AppError(
        'limit_reached',
        `You have as many live API tokens as one account may hold (${limits.maxApiTokens}).`,
      );
    case 'rate_limited':
      throw new AppError(
        'rate_limited',
        `You have ${outcome.what} as many API tokens within an hour as one account may (${outcome.most}).`,
        { retryAfterMs: outcome.until - now },
      );
  }
}

/** @throws AppError `restricted` for everybody but the staff and the program itself */
export function requireStaff(actor: Actor): void {
  if (actor.kind !== 'staff' && actor.kind !== 'system')
    throw new AppError('restricted', 'Only the staff can do that.');
}
