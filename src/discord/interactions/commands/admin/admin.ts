import {
  type APIApplicationCommandOption,
  type APIApplicationCommandSubcommandOption,
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  InteractionContextType,
  PermissionFlagsBits,
} from 'discord.js';
import { SESSION_TYPES } from '../../../../core/sessions/session.ts';
import { choice, described } from '../../../words/described.ts';
import { suggestActions } from '../../action-option.ts';
import type { Component, StaffCommand } from '../../command.ts';
import { suggestExpires, suggestSpans } from '../../expires.ts';
import { setGuard } from './guard.ts';
import { heldRolesComponents } from './held-roles.ts';
import { ban, unban } from './ban.ts';
import { requestAnswerComponents } from './requests.ts';
import { adminUserComponents, revoke, showUser, suggestSessionsOf } from './user.ts';
import {
  adminViewComponents,
  exportInventory,
  listInventory,
  showAudit,
  showStats,
} from './views.ts';

type DescribedKey = Parameters<typeof described>[0];

const { String: STRING, User: USER, Subcommand: SUBCOMMAND } = ApplicationCommandOptionType;

const user = (required = true) =>
  ({
    type: USER,
    name: 'user',
    ...described('command.admin.member'),
    required,
  }) satisfies APIApplicationCommandOption;

const reason = (key: DescribedKey) =>
  ({
    type: STRING,
    name: 'reason',
    ...described(key),
    max_length: 300,
  }) satisfies APIApplicationCommandOption;

const type = {
  type: STRING,
  name: 'type',
  ...described('command.admin.sessions.type'),
  choices: SESSION_TYPES.map((value) => choice(`kinds.${value}`, value)),
} satisfies APIApplicationCommandOption;

const duration = (name: string, key: DescribedKey) =>
  ({
    type: STRING,
    name,
    ...described(key),
    autocomplete: true,
    max_length: 100,
  }) satisfies APIApplicationCommandOption;

const subcommand = (
  name: string,
  key: DescribedKey,
  ...options: APIApplicationCommandSubcommandOption['options'] & object
) =>
  ({
    type: SUBCOMMAND,
    name,
    ...described(key),
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
      ...described('command.admin'),
      contexts: [InteractionContextType.Guild],
      integration_types: [ApplicationIntegrationType.GuildInstall],
      ...(roleIds.length > 0
        ? {}
        : { default_member_permissions: String(PermissionFlagsBits.ManageGuild) }),
      options: [
        subcommand('user', 'command.admin.user', user()),
        subcommand(
          'ban',
          'command.admin.ban',
          user(),
          reason('command.admin.ban.reason'),
          duration('duration', 'command.admin.ban.duration'),
          {
            type: STRING,
            name: 'sessions',
            ...described('command.admin.ban.sessions'),
            choices: [
              choice('command.admin.ban.sessions.keep', 'keep'),
              choice('command.admin.ban.sessions.end', 'end'),
            ],
          },
        ),
        subcommand('unban', 'command.admin.unban', user(), reason('command.admin.unban.reason')),
        subcommand('revoke', 'command.admin.revoke', user(), {
          type: STRING,
          name: 'session',
          ...described('command.admin.revoke.session'),
          autocomplete: true,
          max_length: 100,
        }),
        subcommand(
          'sessions',
          'command.admin.sessions',
          type,
          duration('expiring', 'command.admin.sessions.expiring'),
          duration('unused', 'command.admin.sessions.unused'),
        ),
        subcommand(
          'audit',
          'command.admin.audit',
          user(false),
          {
            type: STRING,
            name: 'action',
            ...described('command.admin.audit.action'),
            autocomplete: true,
            max_length: 100,
          },
          duration('since', 'command.admin.audit.since'),
        ),
        subcommand('stats', 'command.admin.stats'),
        subcommand('export', 'command.admin.export', {
          type: STRING,
          name: 'format',
          ...described('command.admin.export.format'),
          choices: [
            choice('command.admin.export.csv', 'csv'),
            choice('command.admin.export.json', 'json'),
          ],
        }),
        subcommand('guard', 'command.admin.guard', {
          type: STRING,
          name: 'action',
          ...described('command.admin.guard.action'),
          required: true,
          choices: (['on', 'off', 'status'] as const).map((value) =>
            choice(`command.admin.guard.${value}`, value),
          ),
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
      'ban duration': async ({ words, typed, clock }) => suggestExpires(words, typed, clock()),
      'revoke session': suggestSessionsOf,
      'sessions expiring': async ({ words, typed, clock }) => suggestExpires(words, typed, clock()),
      'sessions unused': async ({ words, typed }) => suggestSpans(words, typed),
      'audit action': async ({ words, typed }) => suggestActions(words, typed),
      'audit since': async ({ words, typed }) => suggestSpans(words, typed),
    },
  };
}

export const adminComponents: readonly Component[] = [
  ...adminUserComponents,
  ...requestAnswerComponents,
  ...adminViewComponents,
  ...heldRolesComponents,
];
