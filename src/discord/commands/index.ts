import type { Command, Component } from '../command.ts';
import { sessionCommand, sessionComponents } from './session.ts';
import { tokenCommand, tokenComponents } from './token.ts';

/** Every command that there is, in the order in which Discord gets them. */
export const commands: readonly Command[] = [sessionCommand, tokenCommand];

/** Every button and select menu that a message of ours may carry. */
export const components: readonly Component[] = [...sessionComponents, ...tokenComponents];
