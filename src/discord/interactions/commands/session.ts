import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  InteractionContextType,
} from 'discord.js';
import { SESSION_TYPES } from '../../../core/sessions/session.ts';
import type { Overview } from '../../../core/sessions/sessions.ts';
import { button, buttons, card, named, relative, text } from '../../render/render.ts';
import type { Reply } from '../../render/reply.ts';
import { choice, described } from '../../words/described.ts';
import type { Words } from '../../words/words.ts';
import type { CommandContext, Component, Context, MemberCommand } from '../command.ts';
import { LIST } from '../custom-id.ts';
import { searchOwn, suggestSessions } from '../session-option.ts';
import { notifyComponents, showNotices, unreachable } from './notify.ts';
import { exportOwnData, forgetOwnData } from './own-data.ts';
import { listComponents, showList, readType } from './session-list.ts';
import { showOwnRequests } from './token-request.ts';
import { revokeComponents, revokeTyped, askRevokeAll } from './session-revoke.ts';

/** `/session me | list | revoke | revoke-all`: what a member has, and its end. */
export const sessionCommand: MemberCommand = {
  audience: 'member',
  data: {
    type: ApplicationCommandType.ChatInput,
    name: 'session',
    ...described('command.session'),
    contexts: [InteractionContextType.Guild, InteractionContextType.BotDM],
    integration_types: [ApplicationIntegrationType.GuildInstall],
    options: [
      {
        type: ApplicationCommandOptionType.Subcommand,
        name: 'me',
        ...described('command.session.me'),
      },
      {
        type: ApplicationCommandOptionType.Subcommand,
        name: 'list',
        ...described('command.session.list'),
        options: [
          {
            type: ApplicationCommandOptionType.String,
            name: 'type',
            ...described('command.session.list.type'),
            choices: SESSION_TYPES.map((type) => choice(`kinds.${type}`, type)),
          },
        ],
      },
      {
        type: ApplicationCommandOptionType.Subcommand,
        name: 'revoke',
        ...described('command.session.revoke'),
        options: [
          {
            type: ApplicationCommandOptionType.String,
            name: 'session',
            ...described('command.session.revoke.session'),
            required: true,
            autocomplete: true,
            max_length: 100,
          },
        ],
      },
      {
        type: ApplicationCommandOptionType.Subcommand,
        name: 'revoke-all',
        ...described('command.session.revoke_all'),
      },
      {
        type: ApplicationCommandOptionType.Subcommand,
        name: 'notify',
        ...described('command.session.notify'),
      },
      {
        type: ApplicationCommandOptionType.Subcommand,
        name: 'export',
        ...described('command.session.export'),
      },
      {
        type: ApplicationCommandOptionType.Subcommand,
        name: 'forget',
        ...described('command.session.forget'),
        options: [
          {
            type: ApplicationCommandOptionType.String,
            name: 'confirm',
            ...described('command.session.forget.confirm'),
            required: true,
            max_length: 100,
          },
        ],
      },
    ],
  },
  subcommands: {
    me: showAccount,
    list: ({ options, ...context }) =>
      showList(context, { type: readType(options.text('type') ?? ''), isUnused: false }),
    revoke: revokeTyped,
    'revoke-all': askRevokeAll,
    notify: showNotices,
    export: exportOwnData,
    forget: forgetOwnData,
  },
  autocomplete: {
    'revoke session': (context) =>
      suggestSessions(context.words, { typed: context.typed, search: searchOwn(context) }),
  },
};

export const sessionComponents: readonly Component[] = [
  ...listComponents,
  ...revokeComponents,
  ...notifyComponents,
];

async function showAccount(context: CommandContext): Promise<Reply> {
  const { sessions, actor, words } = context;
  const overview = await sessions.overview(actor);
  const { live, notices, authorization } = overview;
  return card(
    text(words('account.title')),
    text(
      [
        apiTokens(words, overview),
        ...(live.login + live.app_login === 0
          ? []
          : [words('account.logins', { login: live.login, app: live.app_login })]),
        ...(live.api === 0 ? [words('account.start')] : []),
        ...(await nextToExpire(context, overview)),
        ...(authorization === null
          ? []
          : [words('account.login', { when: relative(authorization.checkedAt) })]),
      ].join('\n'),
    ),
    ...(await showOwnRequests(context)),
    ...(await unreachable(context, notices)),
    buttons(button(words('button.list'), LIST.write(actor.userId, {}))),
  );
}

/** What was rotated goes on beside its successor, which counts. */
function apiTokens(words: Words, { live, rotated, maxApiTokens: max }: Overview): string {
  const count = live.api - rotated;
  return rotated === 0
    ? words('account.tokens', { count, max })
    : words('account.tokens.rotated', { count, max, rotated });
}

/** So many are looked through for the one that is next. */
const LOOKED_AT = 200;

async function nextToExpire(
  { sessions, actor, words }: Context,
  { nextApiExpiry }: Overview,
): Promise<readonly string[]> {
  if (nextApiExpiry === null) return [];
  const when = relative(nextApiExpiry);
  const { sessions: newest } = await sessions.list(actor, { type: 'api', limit: LOOKED_AT });
  const next = newest.find(
    ({ expiresAt, rotatedAt }) => expiresAt === nextApiExpiry && rotatedAt === null,
  );
  return next === undefined
    ? [words('account.next.date', { when })]
    : [words('account.next', { session: named(words, next), when })];
}
