import type { RoleId, UserId } from '../actor.ts';
import type { Act } from '../audit/audit.ts';
import type { Instant } from '../time.ts';
import type { JudgeLook } from './looks.ts';

/** A kind of change that is held, and of how many members. */
export interface HeldLooks {
  /** Those that count. */
  readonly roles: string;
  /** Those that were seen. */
  readonly held: string;
  readonly count: number;
  /** Since when the first and the last of them wait. */
  readonly first: Instant;
  readonly last: Instant;
}

/** What a look came to: `older` where a newer one is known, `unknown` where there is no account. */
export type LookOutcome = 'saved' | 'changed' | 'held' | 'older' | 'unknown';

export interface RoleStore {
  /** Writes down what was decided of a look, for the member's account and for what is live of theirs. */
  saveLook(act: Act, userId: UserId, judge: JudgeLook): Promise<LookOutcome>;
  /**
   * Holds the loss of a role by everybody who has it, of at most `limit` who do not lose it already.
   * @returns how many that are
   */
  holdRole(roleId: RoleId, now: Instant, limit: number): Promise<number>;
  findHeld(): Promise<readonly HeldLooks[]>;
  /** What was decided of at most `limit` whose change is held since then or longer; returns how many. */
  applyHeld(act: Act, since: Instant, limit: number, judge: JudgeLook): Promise<number>;
  /** What is held waits from now on as if it had begun, which is written down; returns of how many. */
  keepHeld(act: Act, roles: readonly string[]): Promise<number>;
  /**
   * At most `limit` members whose tokens were used since somebody looked at their roles, if that was before
   * an instant or never; who was looked at longest ago comes first.
   */
  findUnseen(now: Instant, before: Instant, limit: number): Promise<readonly UserId[]>;
  /**
   * When somebody looked at who was looked at longest ago, of those whose tokens were used since; `at` is null
   * where nobody ever did. Null where there is no such member.
   */
  findOldestLook(now: Instant): Promise<{ readonly at: Instant | null } | null>;
}
