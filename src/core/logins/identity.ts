import type { Authorization } from '../accounts/authorization.ts';
import type { RoleId, UserId } from '../actor.ts';

/** What a client brings back from Discord's consent page (RFC 6749, section 4.1.3). */
export interface Grant {
  readonly code: string;
  readonly redirectUri: string;
  /** RFC 7636, section 4.1. */
  readonly codeVerifier?: string | undefined;
}

/**
 * Asks Discord what a grant stands for.
 * @throws AppError `invalid_grant` where Discord refuses the code, and then it is spent; `upstream` where
 * Discord fails, and then the same grant may be tried again
 */
export type Identify = (grant: Grant, applicationId: string) => Promise<Authorization>;

export interface CommunityMember {
  readonly roles: readonly RoleId[];
}

/**
 * This user in the community's server, now; null if they are not in it.
 * @throws AppError `upstream` where Discord does not say
 */
export type FindMember = (userId: UserId) => Promise<CommunityMember | null>;

/**
 * Is this user banned in the server, now?
 * @throws AppError `upstream` where Discord does not say
 */
export type IsBannedInServer = (userId: UserId) => Promise<boolean>;
