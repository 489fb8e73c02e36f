import type { Policy } from '../../../core/policy/policy.ts';
import type { Command, Component, MessageCommand, StaffCommand, UserCommand } from '../command.ts';
import { adminCommand, adminComponents } from './admin/admin.ts';
import { lookUpCommand } from './admin/look-up.ts';
import { reportCommand } from './report.ts';
import { sessionCommand, sessionComponents } from './session.ts';
import { tokenCommand, tokenComponents } from './token.ts';

/** Every command for members, in the order in which Discord gets them. */
export const memberCommands = (policy: Policy | undefined): readonly Command[] => [
  sessionCommand,
  tokenCommand(policy),
];

/** Every command in the menu of a message. */
export const messageCommands: readonly MessageCommand[] = [reportCommand];

/** Every command for staff, where these roles are staff. */
export const staffCommands = (roleIds: readonly string[]): readonly StaffCommand[] => [
  adminCommand(roleIds),
];

/** Every command for staff in the menu of a member. */
export const userCommands = (roleIds: readonly string[]): readonly UserCommand[] => [
  lookUpCommand(roleIds),
];

/** Every button and select menu that a message of ours may carry. */
export const components: readonly Component[] = [
  ...sessionComponents,
  ...tokenComponents,
  ...adminComponents,
];
