import type { UserId } from './actor.ts';

/** `banned` is a state: while it lasts nothing of the account works. */
export type AccountState = 'normal' | 'banned';

export interface Account {
  readonly userId: UserId;
  readonly state: AccountState;
}
