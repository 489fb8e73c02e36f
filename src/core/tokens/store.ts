import type { SessionId, UserId } from '../actor.ts';
import type { Act } from '../audit/audit.ts';
import type { Deletion } from '../outbox/store.ts';
import type { NewSession } from '../sessions/minted-token.ts';
import type { Session } from '../sessions/session.ts';
import type { Instant } from '../time.ts';
import type { Limits } from './allowance.ts';

/**
 * `parent_ended`: the session whose token asked is not live any more; `rotated`: another rotation was
 * faster; `retracted`: its owner was told, or is about to be, that the token does not work; `roles_changed`: a newer look
 * at its owner's roles found others; `request_over`: the request that it is for was answered, or has lapsed.
 */
export type StoreOutcome =
  | {
      readonly is:
        | 'stored'
        | 'banned'
        | 'limit_reached'
        | 'parent_ended'
        | 'not_found'
        | 'rotated'
        | 'retracted'
        | 'roles_changed'
        | 'request_over';
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

export interface TokenStore {
  /** Whether `add` would store another API token now; it looks again itself. */
  checkCreation(userId: UserId, limits: Limits, now: Instant): Promise<StoreOutcome>;
  /** Whether `replace` would store it now; it looks again itself. */
  checkRotation(
    session: Pick<Session, 'userId' | 'parentId' | 'replaces'>,
    rotation: Rotation,
    limits: Limits,
    now: Instant,
  ): Promise<StoreOutcome>;
  /**
   * Stores a session, after a look at ban, limit and parent in the same transaction. One that a message
   * delivered is stored only while that is expected, and nobody has looked for it; `deletion` says when that
   * message is to be deleted, null if it is not, and is absent where there is no message.
   */
  add(
    act: Act,
    fresh: NewSession,
    limits: Limits,
    deletion?: Deletion | null,
  ): Promise<StoreOutcome>;
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
  ): Promise<StoreOutcome>;
}
