import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  ButtonStyle,
  InteractionContextType,
} from 'discord.js';
import type { SessionId, UserId } from '../../../core/actor.ts';
import { type Session, SESSION_TYPES, type SessionType } from '../../../core/sessions/session.ts';
import type { Overview, Revoked } from '../../../core/sessions/sessions.ts';
import type { SessionQuery } from '../../../core/sessions/store.ts';
import { CONFIRMATION_LIFETIME_MS } from '../../../core/staff/confirmations.ts';
import {
  button,
  buttons,
  card,
  census,
  dangerButton,
  day,
  divider,
  instant,
  lastUse,
  named,
  relative,
  section,
  sessionRow,
  text,
} from '../../render/render.ts';
import { lapsing } from '../../render/replies.ts';
import type { Card, Reply } from '../../render/reply.ts';
import { choice, described } from '../../words/described.ts';
import type { Words } from '../../words/words.ts';
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

/** With a button beside each, as many as Discord has room for. */
const PAGE_SIZE = 10;

/** What was not used for so long may not be needed any more. */
const UNUSED_MS = 30 * 86_400_000;

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
  { audience: 'member', name: 'list', run: turnPage },
  { audience: 'member', name: 'one', run: showPicked },
  { audience: 'member', name: 'ask', run: askRevokeOne },
  { audience: 'member', name: 'pick', run: askRevokePicked },
  { audience: 'member', name: 'revoke', run: revokePicked },
  { audience: 'member', name: 'revoke-made', run: revokeMade },
  { audience: 'member', name: 'revoke-all', run: revokeAll },
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
    ...(await unreachable(context, notices)),
    buttons(button(words('button.list'), writeCustomId('list', actor.userId, 'all', 'first'))),
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

/** Which of a member's tokens and logins a list shows. */
interface Filter {
  readonly type: SessionType | undefined;
  readonly isUnused: boolean;
}

type Cursor = NonNullable<SessionQuery['cursor']>;

function readType(word: string): SessionType | undefined {
  return SESSION_TYPES.find((known) => known === word);
}

/** As buttons carry it. */
const packed = ({ type, isUnused }: Filter) =>
  ({ type: type ?? 'all', unused: isUnused ? 'unused' : '' }) as const;

function listId(owner: UserId, filter: Filter, direction = 'first', id = ''): string {
  const { type, unused } = packed(filter);
  return writeCustomId('list', owner, type, direction, id, unused);
}

async function showList(
  context: Pick<Context, 'sessions' | 'actor' | 'clock' | 'words'>,
  filter: Filter,
  cursor?: Cursor,
): Promise<Reply> {
  const { sessions, actor, clock, words } = context;
  const { type, isUnused } = filter;
  const unusedSince = isUnused ? clock() - UNUSED_MS : undefined;
  const page = await sessions.list(actor, { type, unusedSince, limit: PAGE_SIZE, cursor });
  // What was there when the button was made may have ended since.
  if (page.sessions.length === 0 && cursor !== undefined) return showList(context, filter);
  const [first, last] = [page.sessions[0], page.sessions.at(-1)];
  if (first === undefined || last === undefined) return nothing(context, filter);
  const { userId: owner } = actor;
  const until = page.newer + page.sessions.length;
  const isAll = page.total === page.sessions.length;
  const ways = [
    ...(page.newer > 0
      ? [button(words('button.newer'), listId(owner, filter, 'before', first.id))]
      : []),
    ...(until < page.total
      ? [button(words('button.older'), listId(owner, filter, 'after', last.id))]
      : []),
    ...(isUnused
      ? [button(words('mine.all_button'), listId(owner, { ...filter, isUnused: false }))]
      : isAll && page.newer === 0
        ? []
        : [button(words('mine.unused'), listId(owner, { ...filter, isUnused: true }))]),
  ];
  const position = isAll
    ? words('mine.rows', { total: page.total })
    : words('mine.some', { total: page.total, first: page.newer + 1, last: until });
  return card(
    text(title()),
    divider(),
    ...page.sessions.map((session) => row(words, owner, filter, session)),
    ...(ways.length > 0 ? [buttons(...ways)] : []),
  );

  function title(): string {
    if (isUnused) return words('mine.title.unused', { position });
    return type === undefined
      ? words('mine.title', { position })
      : words('mine.title.kind', { kinds: words(`kinds.${type}`), position });
  }
}

function nothing({ words, actor }: Pick<Context, 'words' | 'actor'>, filter: Filter): Reply {
  const { type, isUnused } = filter;
  if (isUnused) {
    const all = listId(actor.userId, { ...filter, isUnused: false });
    return card(text(words('mine.none_unused')), buttons(button(words('mine.all_button'), all)));
  }
  return type === undefined
    ? words('nothing_active')
    : words('none_of_kind', { kinds: words(`kinds.${type}`) });
}

function row(words: Words, owner: UserId, filter: Filter, session: Session) {
  const { type, unused } = packed(filter);
  return section(
    sessionRow(words, session),
    button(words('mine.manage'), writeCustomId('one', owner, type, session.id, unused)),
  );
}

function turnPage(context: ComponentContext): Promise<Reply> {
  const [type = 'all', direction, id, unused] = context.args;
  const cursor = readCursor(direction, id);
  return showList(context, { type: readType(type), isUnused: unused === 'unused' }, cursor);
}

function showPicked(context: ComponentContext): Promise<Reply> {
  const [type = 'all', id, unused] = context.args;
  return showOne(context, requireId(id), {
    type: readType(type),
    isUnused: unused === 'unused',
  });
}

/** One token or login: what it is, and what can be done about it. */
async function showOne(context: Context, id: SessionId, filter: Filter): Promise<Reply> {
  const { sessions, actor, words, clock } = context;
  const { userId: owner } = actor;
  const { session, descendants } = await sessions.show(actor, id);
  const { type, unused } = packed(filter);
  const parent = await sessions.findParent(actor, id);
  const head = {
    session: named(words, session),
    kind: words(`kind.${session.type}`),
    when: instant(words, session.expiresAt, clock()),
  };
  const isRotated = session.rotatedAt !== null;
  return card(
    text(isRotated ? words('one.title.rotated', head) : words('one.title', head)),
    text(
      [
        words('one.made', { created: day(session.createdAt), use: lastUse(words, session) }),
        ...(parent === null ? [] : [words('one.made_by', { session: named(words, parent) })]),
        ...(descendants === 0 ? [] : [words('one.made_others', { count: descendants })]),
      ].join('\n'),
    ),
    buttons(
      ...(session.type === 'api' && !isRotated
        ? [
            button(
              words('button.rotate'),
              writeCustomId('rotate', owner, session.id),
              ButtonStyle.Primary,
            ),
          ]
        : []),
      dangerButton(words('one.revoke'), writeCustomId('ask', owner, type, session.id, unused)),
      button(words('button.back'), listId(owner, filter)),
    ),
  );
}

function askRevokeOne(context: ComponentContext): Promise<Reply> {
  const [type = 'all', id] = context.args;
  return askRevoke(context, requireId(id), type);
}

/** The menu of a list as it once was. */
function askRevokePicked({ args, values, ...context }: ComponentContext): Promise<Reply> {
  return askRevoke(context, requireId(values[0]), args[0]);
}

async function askRevoke(
  { sessions, actor, words }: Context,
  id: SessionId,
  type = 'all',
): Promise<Reply> {
  const { session, descendants: count } = await sessions.show(actor, id);
  const customId = (extent: string) =>
    writeCustomId('revoke', actor.userId, type, session.id, extent);
  return card(
    text(words('revoke.ask', { session: named(words, session) })),
    buttons(
      dangerButton(words('revoke.button'), customId('only')),
      ...(count > 0
        ? [dangerButton(words('revoke.button.made', { count }), customId('and-made'))]
        : []),
      button(words('button.back'), writeCustomId('list', actor.userId, type, 'first')),
    ),
  );
}

async function revokePicked(context: ComponentContext): Promise<Reply> {
  const { sessions, actor, args, words } = context;
  const [type = 'all', id, extent] = args;
  const includeDescendants = extent === 'and-made';
  const revoked = await sessions.revoke(actor, requireId(id), includeDescendants);
  return confirmRevoked(words, revoked, actor.userId, type, includeDescendants);
}

/** A part of a name may mean another one than it finds: then it is asked first. */
async function revokeTyped({ options, ...context }: CommandContext): Promise<Reply> {
  const { sessions, actor, words } = context;
  const typed = options.text('session') ?? '';
  const { id, exactly } = await findMeant(words, { typed, search: searchOwn(context) });
  if (!exactly) return askRevoke(context, id);
  return confirmRevoked(words, await sessions.revoke(actor, id), actor.userId, 'all');
}

function confirmRevoked(
  words: Words,
  { session, descendants: count }: Revoked,
  owner: UserId,
  type: string,
  includeDescendants = false,
): Card {
  const what = { session: named(words, session) };
  const done = includeDescendants ? words('revoke.done.made', what) : words('revoke.done', what);
  if (count === 0) return card(text(done), buttons(back(words, owner, type)));
  return card(
    text([done, words('revoke.left', { count })].join('\n')),
    buttons(
      dangerButton(
        words('revoke.those_too', { count }),
        writeCustomId('revoke-made', owner, session.id),
      ),
      back(words, owner, type),
    ),
  );
}

async function revokeMade({ sessions, actor, args, words }: ComponentContext): Promise<Reply> {
  const { length: count } = await sessions.revokeMadeBy(actor, requireId(args[0]));
  return card(
    text(words('revoke.those_done', { count })),
    buttons(back(words, actor.userId, 'all')),
  );
}

async function askRevokeAll({ sessions, actor, clock, words }: CommandContext): Promise<Reply> {
  const { live } = await sessions.overview(actor);
  if (live.api + live.login + live.app_login === 0) return words('nothing_active');
  const now = clock();
  const deadline = Math.floor((now + CONFIRMATION_LIFETIME_MS) / 1000);
  return card(
    text([words('revoke_all.ask', { what: census(words, live) }), lapsing(words, now)].join('\n')),
    buttons(
      dangerButton(
        words('revoke_all.button'),
        writeCustomId('revoke-all', actor.userId, String(deadline)),
      ),
      button(words('button.back'), writeCustomId('list', actor.userId, 'all', 'first')),
    ),
  );
}

async function revokeAll(context: ComponentContext): Promise<Reply> {
  const { sessions, actor, args, clock, words } = context;
  const deadline = Number(args[0] ?? 0) * 1000;
  if (!(clock() <= deadline)) return words('revoke_all.late');
  const ended = await sessions.revokeAll(actor);
  if (ended.length === 0) return words('nothing_active');
  const live = { api: 0, login: 0, app_login: 0 };
  for (const { type } of ended) live[type] += 1;
  return words('revoke_all.done', { what: census(words, live) });
}

function back(words: Words, owner: UserId, type: string) {
  return button(words('button.list'), writeCustomId('list', owner, type, 'first'));
}
