import {
  type APIApplicationCommandOption,
  type APIApplicationCommandSubcommandOption,
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  InteractionContextType,
  PermissionFlagsBits,
} from 'discord.js';
import { SESSION_TYPES } from '../../../core/sessions/session.ts';
import { TYPE_NAMES } from '../../render/render.ts';
import { suggestActions } from '../action-option.ts';
import type { Component, StaffCommand } from '../command.ts';
import { suggestExpires, suggestSpans } from '../expires.ts';
import { setGuard } from './admin-guard.ts';
import {
  adminUserComponents,
  ban,
  revoke,
  showUser,
  suggestSessionsOf,
  unban,
} from './admin-user.ts';
import {
  adminViewComponents,
  exportInventory,
  listInventory,
  showAudit,
  showStats,
} from './admin-views.ts';

const { String: STRING, User: USER, Subcommand: SUBCOMMAND } = ApplicationCommandOptionType;

const user = (description: string, required = true) =>
  ({ type: USER, name: 'user', description, required }) satisfies APIApplicationCommandOption;

const reason = {
  type: STRING,
  name: 'reason',
  description: 'Kept in the audit log',
  max_length: 300,
} satisfies APIApplicationCommandOption;

const type = {
  type: STRING,
  name: 'type',
  description: 'Show only this type',
  choices: SESSION_TYPES.map((value) => ({ name: `${TYPE_NAMES[value]}s`, value })),
} satisfies APIApplicationCommandOption;

const duration = (name: string, description: string) =>
  ({
    type: STRING,
    name,
    description,
    autocomplete: true,
    max_length: 100,
  }) satisfies APIApplicationCommandOption;

const subcommand = (
  name: string,
  description: string,
  ...options: APIApplicationCommandSubcommandOption['options'] & object
) =>
  ({
    type: SUBCOMMAND,
    name,
    description,
    options,
  }) satisfies APIApplicationCommandSubcommandOption;

/**
 * `/admin`: what the staff see and end. With roles of their own for staff the command is shown to all,
 * since a bot cannot say to Discord who may see it; who may use it, we look at each time.
 */
export function adminCommand(roleIds: readonly string[]): StaffCommand {
  return {
    audience: 'staff',
    data: {
      type: ApplicationCommandType.ChatInput,
      name: 'admin',
      description: 'For the staff, in the staff channel',
      contexts: [InteractionContextType.Guild],
      integration_types: [ApplicationIntegrationType.GuildInstall],
      ...(roleIds.length > 0
        ? {}
        : { default_member_permissions: String(PermissionFlagsBits.ManageGuild) }),
      options: [
        subcommand('user', 'Everything about a member', user('The member')),
        subcommand(
          'ban',
          'Ban an account from the API (asks first)',
          user('The member'),
          reason,
          duration('duration', 'For how long; without it, for good'),
          {
            type: STRING,
            name: 'sessions',
            description: 'Keep them for the unban (default), or revoke them for good',
            choices: [
              { name: 'keep for the unban', value: 'keep' },
              { name: 'revoke for good', value: 'end' },
            ],
          },
        ),
        subcommand('unban', 'Lift a ban', user('The member'), reason),
        subcommand(
          'revoke',
          'Revoke one session of a member, or all (asks first)',
          user('The member'),
          {
            type: STRING,
            name: 'session',
            description: 'Part of its name, or its last four characters; without it, all',
            autocomplete: true,
            max_length: 100,
          },
        ),
        subcommand(
          'sessions',
          'Live sessions of all members',
          type,
          duration('expiring', 'Only those that expire within this time, such as 7d'),
          duration('unused', 'Only those unused for this long, such as 90d'),
        ),
        subcommand(
          'audit',
          'Who did what',
          user('The member', false),
          {
            type: STRING,
            name: 'action',
            description: 'Only this kind of event, such as session or session.created',
            autocomplete: true,
            max_length: 100,
          },
          duration('since', 'How far back, such as 7d'),
        ),
        subcommand('stats', 'Counts of accounts, sessions and tokens'),
        subcommand('export', 'Live sessions of all members, as a file', {
          type: STRING,
          name: 'format',
          description: 'CSV for a spreadsheet (default), or JSON',
          choices: [
            { name: 'CSV', value: 'csv' },
            { name: 'JSON', value: 'json' },
          ],
        }),
        subcommand('guard', 'Let Discord block messages that have a token in them', {
          type: STRING,
          name: 'action',
          description: 'on, off or status',
          required: true,
          choices: ['on', 'off', 'status'].map((value) => ({ name: value, value })),
        }),
      ],
    },
    subcommands: {
      user: showUser,
      ban,
      unban,
      revoke,
      sessions: listInventory,
      audit: showAudit,
      stats: showStats,
      export: exportInventory,
      guard: setGuard,
    },
    autocomplete: {
      'ban duration': async ({ typed, clock }) => suggestExpires(typed, clock()),
      'revoke session': suggestSessionsOf,
      'sessions expiring': async ({ typed, clock }) => suggestExpires(typed, clock()),
      'sessions unused': async ({ typed }) => suggestSpans(typed),
      'audit action': async ({ typed }) => suggestActions(typed),
      'audit since': async ({ typed }) => suggestSpans(typed),
    },
  };
}

export const adminComponents: readonly Component[] = [
  ...adminUserComponents,
  ...adminViewComponents,
];
