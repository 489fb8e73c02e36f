import type { UserId } from '../actor.ts';
import type { Instant } from '../time.ts';
import type { RoleLook } from './standing.ts';

export interface RoleStore {
  /**
   * Writes down what was seen of a member's roles, for their account and for what is live of theirs, unless
   * a newer look is known or they have no account.
   * @returns the roles that were known before, where those were others
   */
  saveLook(
    userId: UserId,
    look: RoleLook,
    now: Instant,
  ): Promise<{ readonly before: string | null } | null>;
}
