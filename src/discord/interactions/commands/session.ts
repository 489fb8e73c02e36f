import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  InteractionContextType,
} from 'discord.js';
import type { SessionId } from '../../../core/actor.ts';
import { SESSION_TYPES, type SessionType } from '../../../core/sessions/session.ts';
import type { Overview, Revoked } from '../../../core/sessions/sessions.ts';
import type { SessionQuery } from '../../../core/sessions/store.ts';
import { CONFIRMATION_LIFETIME_MS } from '../../../core/staff/confirmations.ts';
import {
  button,
  buttons,
  card,
  count,
  dangerButton,
  divider,
  instant,
  label,
  named,
  plain,
  relative,
  select,
  sessionLines,
  text,
  TYPE_NAMES,
} from '../../render/render.ts';
import { lapsing, NOTHING_LIVE } from '../../render/replies.ts';
import type { Card, Reply } from '../../render/reply.ts';
import type {
  CommandContext,
  Component,
  ComponentContext,
  Context,
  MemberCommand,
} from '../command.ts';
import { writeCustomId } from '../custom-id.ts';
import { readCursor, requireId } from '../ids.ts';
import { findMeant, searchOwn, suggestSessions } from '../session-option.ts';
import { notifyComponents, showNotices, unreachable } from './notify.ts';
import { exportOwnData, forgetOwnData } from './own-data.ts';

const PAGE_SIZE = 8;

/** `/session me | list | revoke | revoke-all`: what a member has, and its end. */
export const sessionCommand: MemberCommand = {
  audience: 'member',
  data: {
    type: ApplicationCommandType.ChatInput,
    name: 'session',
    description: 'Your sessions and API tokens',
    contexts: [InteractionContextType.Guild, InteractionContextType.BotDM],
    integration_types: [ApplicationIntegrationType.GuildInstall],
    options: [
      {
        type: ApplicationCommandOptionType.Subcommand,
        name: 'me',
        description: 'Your account at a glance',
      },
      {
        type: ApplicationCommandOptionType.Subcommand,
        name: 'list',
        description: 'Everything that is live, newest first',
        options: [
          {
            type: ApplicationCommandOptionType.String,
            name: 'type',
            description: 'Show only this type',
            choices: SESSION_TYPES.map((type) => ({ name: `${TYPE_NAMES[type]}s`, value: type })),
          },
        ],
      },
      {
        type: ApplicationCommandOptionType.Subcommand,
        name: 'revoke',
        description: 'Revoke one session or token, at once',
        options: [
          {
            type: ApplicationCommandOptionType.String,
            name: 'session',
            description: 'Part of its name, its type or its last four characters',
            required: true,
            autocomplete: true,
            max_length: 100,
          },
        ],
      },
      {
        type: ApplicationCommandOptionType.Subcommand,
        name: 'revoke-all',
        description: 'Revoke all your sessions and tokens (asks first)',
      },
      {
        type: ApplicationCommandOptionType.Subcommand,
        name: 'notify',
        description: 'What I write to you: reminders, first use, logins',
      },
      {
        type: ApplicationCommandOptionType.Subcommand,
        name: 'export',
        description: 'All that is stored about you, in a direct message',
      },
      {
        type: ApplicationCommandOptionType.Subcommand,
        name: 'forget',
        description: 'Erase all that is stored about you, and revoke everything',
        options: [
          {
            type: ApplicationCommandOptionType.String,
            name: 'confirm',
            description: 'Your own user name',
            required: true,
            max_length: 100,
          },
        ],
      },
    ],
  },
  subcommands: {
    me: showAccount,
    list: ({ options, ...context }) => showList(context, options.getString('type') ?? 'all'),
    revoke: revokeTyped,
    'revoke-all': askRevokeAll,
    notify: showNotices,
    export: exportOwnData,
    forget: forgetOwnData,
  },
  autocomplete: {
    'revoke session': (context) =>
      suggestSessions({ typed: context.typed, search: searchOwn(context) }),
  },
};

export const sessionComponents: readonly Component[] = [
  { audience: 'member', name: 'list', run: turnPage },
  { audience: 'member', name: 'pick', run: askRevokePicked },
  { audience: 'member', name: 'revoke', run: revokePicked },
  { audience: 'member', name: 'revoke-made', run: revokeMade },
  { audience: 'member', name: 'revoke-all', run: revokeAll },
  ...notifyComponents,
];

async function showAccount({ sessions, actor }: CommandContext): Promise<Reply> {
  const overview = await sessions.overview(actor);
  const { live, nextApiExpiry, notices, authorization, application } = overview;
  return card(
    text(`### Your account\nState: normal · <@${actor.userId}>`),
    divider(),
    text(
      [
        apiTokens(overview),
        `**Logins** ${live.login} · **App logins** ${live.app_login}`,
        ...(live.api === 0 ? ['You have no live API token. `/token create` creates one.'] : []),
        ...(nextApiExpiry === null ? [] : [`The next API token expires ${instant(nextApiExpiry)}`]),
      ].join('\n'),
    ),
    ...unreachable(actor.userId, notices),
    ...(authorization === null
      ? []
      : [
          divider(),
          text(
            [
              `**Discord authorization** of your newest login, ${relative(authorization.checkedAt)}`,
              `${plain(application?.name ?? 'this application')} · ${authorization.scopes.map((scope) => `\`${scope}\``).join(' ')} · until ${instant(authorization.expiresAt)}`,
              '-# To withdraw it: User Settings › Authorized Apps. That revokes no session here.',
            ].join('\n'),
          ),
        ]),
    buttons(button('Show my sessions', writeCustomId('list', actor.userId, 'all', 'first'))),
  );
}

/** What was rotated goes on beside its successor, which counts. */
function apiTokens({ live, rotated, maxApiTokens }: Overview): string {
  const own = `**API tokens** ${live.api - rotated} of at most ${maxApiTokens}`;
  if (rotated === 0) return own;
  const goOn = rotated === 1 ? 'works on until its grace is' : 'work on until their grace is';
  return `${own}, and ${rotated} that ${goOn} over`;
}

type Cursor = NonNullable<SessionQuery['cursor']>;

async function showList(
  { sessions, actor }: Pick<Context, 'sessions' | 'actor'>,
  typeOrAll: string,
  cursor?: Cursor,
): Promise<Reply> {
  const type = SESSION_TYPES.find((known) => known === typeOrAll);
  const page = await sessions.list(actor, { type, limit: PAGE_SIZE, cursor });
  // What was there when the button was made may have ended since.
  if (page.sessions.length === 0 && cursor !== undefined) {
    return showList({ sessions, actor }, typeOrAll);
  }
  const [first, last] = [page.sessions[0], page.sessions.at(-1)];
  if (first === undefined || last === undefined) {
    return type === undefined ? NOTHING_LIVE : `You have no live ${TYPE_NAMES[type]}s.`;
  }
  const customId = (component: string, direction: string, id: SessionId) =>
    writeCustomId(component, actor.userId, type ?? 'all', direction, id);
  const until = page.newer + page.sessions.length;
  const turns = [
    ...(page.newer > 0 ? [button('◀ Newer', customId('list', 'before', first.id))] : []),
    ...(until < page.total ? [button('Older ▶', customId('list', 'after', last.id))] : []),
  ];
  return card(
    text(`### Your live ${type === undefined ? 'session' : TYPE_NAMES[type]}s\n${position()}`),
    divider(),
    ...page.sessions.map((session) => text(sessionLines(session))),
    select(
      writeCustomId('pick', actor.userId, type ?? 'all'),
      'Revoke one of these…',
      page.sessions.map((session) => ({ label: label(session), value: session.id })),
    ),
    ...(turns.length > 0 ? [buttons(...turns)] : []),
  );

  function position(): string {
    return page.total === page.sessions.length
      ? `${page.total} in all`
      : `${page.newer + 1} to ${until} of ${page.total}`;
  }
}

function turnPage(context: ComponentContext): Promise<Reply> {
  const [type = 'all', direction, id] = context.args;
  const cursor = readCursor(direction, id);
  return showList(context, type, cursor);
}

function askRevokePicked({ args, values, ...context }: ComponentContext): Promise<Reply> {
  return askRevoke(context, requireId(values[0]), args[0]);
}

async function askRevoke(
  { sessions, actor }: Context,
  id: SessionId,
  type = 'all',
): Promise<Reply> {
  const { session, descendants: made } = await sessions.show(actor, id);
  const customId = (extent: string) =>
    writeCustomId('revoke', actor.userId, type, session.id, extent);
  return card(
    text(`Revoke ${named(session)}? It stops working at once, for good.`),
    buttons(
      dangerButton('Revoke it', customId('only')),
      ...(made > 0
        ? [dangerButton(`Revoke it and the ${made} it created`, customId('and-made'))]
        : []),
      button('Back', writeCustomId('list', actor.userId, type, 'first')),
    ),
  );
}

async function revokePicked({ sessions, actor, args }: ComponentContext): Promise<Reply> {
  const [type = 'all', id, extent] = args;
  const includeDescendants = extent === 'and-made';
  const revoked = await sessions.revoke(actor, requireId(id), includeDescendants);
  return confirmRevoked(revoked, actor.userId, type, includeDescendants);
}

/** A part of a name may mean another one than it finds: then it is asked first. */
async function revokeTyped({ options, ...context }: CommandContext): Promise<Reply> {
  const { sessions, actor } = context;
  const typed = options.getString('session') ?? '';
  const { id, exactly } = await findMeant({ typed, search: searchOwn(context) }, 'your');
  if (!exactly) return askRevoke(context, id);
  return confirmRevoked(await sessions.revoke(actor, id), actor.userId, 'all');
}

function confirmRevoked(
  { session, descendants: made }: Revoked,
  owner: string,
  type: string,
  includeDescendants = false,
): Card {
  const done = `Revoked ${named(session)}${includeDescendants ? ' and all that it created' : ''}. It is refused from now on.`;
  if (made === 0) return card(text(done), buttons(back(owner, type)));
  return card(
    text(
      `${done}\nIt created ${count(made, 'session')} that ${made === 1 ? 'is' : 'are'} still live.`,
    ),
    buttons(
      dangerButton('Revoke those too', writeCustomId('revoke-made', owner, session.id)),
      back(owner, type),
    ),
  );
}

async function revokeMade({ sessions, actor, args }: ComponentContext): Promise<Reply> {
  const ended = await sessions.revokeMadeBy(actor, requireId(args[0]));
  return card(
    text(`Revoked ${count(ended.length, 'session')} that it created.`),
    buttons(back(actor.userId, 'all')),
  );
}

async function askRevokeAll({ sessions, actor, clock }: CommandContext): Promise<Reply> {
  const { live } = await sessions.overview(actor);
  if (live.api + live.login + live.app_login === 0) return NOTHING_LIVE;
  const now = clock();
  const deadline = Math.floor((now + CONFIRMATION_LIFETIME_MS) / 1000);
  return card(
    text(
      `### Revoke everything?\n${census(live)} will stop working at once, for good, and so will anything that uses them.\n${lapsing(now)}`,
    ),
    buttons(
      dangerButton(
        'Revoke everything',
        writeCustomId('revoke-all', actor.userId, String(deadline)),
      ),
      button('Back', writeCustomId('list', actor.userId, 'all', 'first')),
    ),
  );
}

async function revokeAll({ sessions, actor, args, clock }: ComponentContext): Promise<Reply> {
  const deadline = Number(args[0] ?? 0) * 1000;
  if (!(clock() <= deadline)) {
    return 'That button has expired. Nothing was revoked; use `/session revoke-all` again.';
  }
  const ended = await sessions.revokeAll(actor);
  if (ended.length === 0) return NOTHING_LIVE;
  const live = { api: 0, login: 0, app_login: 0 };
  for (const { type } of ended) live[type] += 1;
  return `Revoked ${census(live)}. None of them works anymore.`;
}

function census(live: Readonly<Record<SessionType, number>>): string {
  return SESSION_TYPES.filter((type) => live[type] > 0)
    .map((type) => `**${count(live[type], TYPE_NAMES[type])}**`)
    .join(', ');
}

function back(owner: string, type: string) {
  return button('Show my sessions', writeCustomId('list', owner, type, 'first'));
}
