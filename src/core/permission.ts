import type { UserId } from './actor.ts';
import { AppError, banned, noSuchSession } from './errors.ts';
import type { IsCommunityMember, Limits, Store, Stored } from './ports.ts';
import type { Instant } from './session.ts';

/** @throws AppError `banned` */
export async function requireNormal(store: Store, userId: UserId): Promise<void> {
  const account = await store.findAccount(userId);
  if (account?.state === 'banned') throw banned();
}

/** @throws AppError `restricted` for who is not in the community's server, where that is asked for */
export async function requireCommunity(
  isCommunityMember: IsCommunityMember | undefined,
  userId: UserId,
): Promise<void> {
  if (isCommunityMember === undefined || (await isCommunityMember(userId))) return;
  throw new AppError('restricted', "This is for members of the community's Discord server only.");
}

/** @throws AppError with the reason, unless the outcome is that it was stored */
export function requireStored(outcome: Stored, limits: Limits, now: Instant): void {
  switch (outcome.is) {
    case 'stored':
      return;
    case 'banned':
      throw banned();
    case 'not_found':
      throw noSuchSession();
    case 'parent_ended':
      throw new AppError('invalid_token', 'the session that asked has ended');
    case 'limit_reached':
      throw new AppError('limit_reached', `${limits.maxApiTokens} API tokens are live already`);
    case 'rate_limited':
      throw new AppError(
        'rate_limited',
        `${limits.creationsPerHour} API tokens were made within an hour`,
        { retryAfterMs: outcome.until - now },
      );
  }
}
