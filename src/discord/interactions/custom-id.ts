import type { UserId } from '../../core/actor.ts';

/**
 * What a button or a select menu carries: which component it is, for whom it was made, and its
 * arguments. All of its state, so it works after a restart; never anything secret.
 */
export interface CustomId {
  readonly component: string;
  readonly owner: UserId;
  readonly args: readonly string[];
}

/** At most 100 characters, which Discord allows. */
export function writeCustomId(
  component: string,
  owner: UserId,
  ...args: readonly string[]
): string {
  return [component, owner, ...args].join(':');
}

export function readCustomId(text: string): CustomId {
  const [component = '', owner = '', ...args] = text.split(':');
  return { component, owner, args };
}
