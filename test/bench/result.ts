import type { GoalId } from './goals.ts';

/** One line of a section's table. */
export interface Result {
  /** Absent where nothing was promised. */
  readonly goal?: GoalId;
  /** What was measured, where the goal does not say. */
  readonly what?: string;
  readonly value: number;
  /** A ratio unless told. */
  readonly unit?: 'ms' | 'us' | 'MB' | '/s' | undefined;
  readonly remark?: string;
}

export interface Plan {
  readonly quick: boolean;
  /** Sessions in the smallest database, in the one beside the peers, and in the largest. */
  readonly fewest: number;
  readonly usual: number;
  readonly most: number;
}

export interface Section {
  readonly name: string;
  /** A sentence in place of results says why there are none. */
  run(plan: Plan): Promise<readonly Result[] | string>;
}
