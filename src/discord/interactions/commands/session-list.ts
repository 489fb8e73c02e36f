import { ButtonStyle } from 'discord.js';
import type { SessionId, UserId } from '../../../core/actor.ts';
import { type Session, SESSION_TYPES, type SessionType } from '../../../core/sessions/session.ts';
import type { SessionQuery } from '../../../core/sessions/store.ts';
import { NAME_LENGTH } from '../../../core/tokens/token-name.ts';
import { type Modal, modal, textField } from '../../render/modal.ts';
import { pager } from '../../render/pager.ts';
import {
  button,
  buttons,
  card,
  dangerButton,
  day,
  divider,
  instant,
  lastUse,
  named,
  plain,
  section,
  sessionRow,
  shorten,
  text,
} from '../../render/render.ts';
import type { Reply } from '../../render/reply.ts';
import { sayScopes, scopeLine } from '../../render/scopes.ts';
import type { Words } from '../../words/words.ts';
import { afterwards } from '../afterwards.ts';
import type { Component, ComponentContext, Context } from '../command.ts';
import { ASK_REVOKE, LIST, ONE, RENAME, SEARCH, writeCustomId } from '../custom-id.ts';
import { readCursor, requireId } from '../ids.ts';
import { kindsIn, LONGEST_ECHO } from '../session-option.ts';

/** With a button beside each, as many as Discord has room for. */
const PAGE_SIZE = 10;

/** What was not used for so long may not be needed any more. */
const UNUSED_MS = 30 * 86_400_000;

export const listComponents: readonly Component[] = [
  { audience: 'member', name: 'list', run: turnPage },
  { audience: 'member', name: 'one', run: showPicked },
  { audience: 'member', name: 'search', modal: openSearch, run: search },
  { audience: 'member', name: 'rename', modal: openRename, run: rename },
];

/** Which of a member's tokens and logins a list shows. */
interface Filter {
  readonly type: SessionType | undefined;
  readonly isUnused: boolean;
}

type Cursor = NonNullable<SessionQuery['cursor']>;

export function readType(word: string): SessionType | undefined {
  return SESSION_TYPES.find((known) => known === word);
}

/** As buttons carry it. */
const packed = ({ type, isUnused }: Filter) =>
  ({ type: type ?? 'all', unused: isUnused ? 'unused' : '' }) as const;

function unpacked({ type, unused }: Readonly<Record<'type' | 'unused', string>>): Filter {
  return { type: readType(type), isUnused: unused === 'unused' };
}

function listId(owner: UserId, filter: Filter, direction = 'first', id = ''): string {
  const { type, unused } = packed(filter);
  return LIST.write(owner, { type, direction, id, unused });
}

/** `/session list`: what a member has, a page at a time, with a way to each. */
export async function showList(
  context: Pick<Context, 'sessions' | 'actor' | 'clock' | 'words' | 'policy'>,
  filter: Filter,
  cursor?: Cursor,
): Promise<Reply> {
  const { sessions, actor, clock, words } = context;
  const { type, isUnused } = filter;
  const unusedSince = isUnused ? clock() - UNUSED_MS : undefined;
  const page = await sessions.list(actor, { type, unusedSince, limit: PAGE_SIZE, cursor });
  // What was there when the button was made may have ended since.
  if (page.sessions.length === 0 && cursor !== undefined) return showList(context, filter);
  if (page.sessions.length === 0) return nothing(context, filter);
  const { userId: owner } = actor;
  const pages = pager(words, page, (direction, id) => listId(owner, filter, direction, id));
  const isAll = page.total === page.sessions.length;
  const ways = [
    ...pages.turns,
    ...(isUnused
      ? [button(words('mine.all_button'), listId(owner, { ...filter, isUnused: false }))]
      : isAll
        ? []
        : [
            button(words('mine.unused'), listId(owner, { ...filter, isUnused: true })),
            searchButton(words, owner, filter),
          ]),
  ];
  const position = isAll
    ? words('mine.rows', { total: page.total })
    : words('mine.some', pages.position);
  return card(
    text(title()),
    divider(),
    ...page.sessions.map((session) => row(context, filter, session)),
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

function row(
  { words, policy, actor }: Pick<Context, 'words' | 'policy' | 'actor'>,
  filter: Filter,
  session: Session,
) {
  const { type, unused } = packed(filter);
  return section(
    `${sessionRow(words, session)}${scopeLine(words, policy, session)}`,
    button(words('mine.manage'), ONE.write(actor.userId, { type, id: session.id, unused })),
  );
}

function turnPage(context: ComponentContext): Promise<Reply> {
  const { direction, id, ...filter } = LIST.read(context.args);
  return showList(context, unpacked(filter), readCursor(direction, id));
}

function showPicked(context: ComponentContext): Promise<Reply> {
  const { id, ...filter } = ONE.read(context.args);
  return showOne(context, requireId(id), unpacked(filter));
}

function searchButton(words: Words, owner: UserId, filter: Filter) {
  const { type, unused } = packed(filter);
  return button(words('mine.search'), SEARCH.write(owner, { type, unused }));
}

async function openSearch({ words }: ComponentContext): Promise<Modal> {
  return modal(
    words('mine.search.title'),
    textField({
      label: words('mine.search.label'),
      id: 'typed',
      longest: NAME_LENGTH,
      isRequired: true,
    }),
  );
}

/** The best of what matches, on one page. */
async function search(context: ComponentContext): Promise<Reply> {
  const { words, actor, sessions, args, fields } = context;
  const { userId: owner } = actor;
  const filter = { ...unpacked(SEARCH.read(args)), isUnused: false };
  const typed = fields.get('typed') ?? '';
  const kinds = kindsIn(words);
  const { best, total } = await sessions.search(actor, {
    typed,
    kinds,
    type: filter.type,
    limit: PAGE_SIZE,
  });
  const found = await Promise.all(best.map(({ id }) => sessions.show(actor, id)));
  const echo = plain(shorten(typed, LONGEST_ECHO));
  const ways = buttons(
    searchButton(words, owner, filter),
    button(words('mine.all_button'), listId(owner, filter)),
  );
  if (found.length === 0) return card(text(words('mine.none_found', { typed: echo })), ways);
  const position =
    total === found.length
      ? words('mine.found', { total })
      : words('mine.found.some', { total, shown: found.length });
  return card(
    text(words('mine.title.search', { typed: echo, position })),
    divider(),
    ...found.map(({ session }) => row(context, filter, session)),
    ways,
  );
}

async function openRename({ words, sessions, actor, args }: ComponentContext): Promise<Modal> {
  const { session } = await sessions.show(actor, requireId(RENAME.read(args).id));
  return modal(
    words('one.rename.title'),
    textField({
      label: words('one.rename.label'),
      id: 'name',
      longest: NAME_LENGTH,
      isRequired: true,
      ...(session.name === null ? {} : { value: session.name }),
    }),
  );
}

async function rename(context: ComponentContext): Promise<Reply> {
  const { sessions, actor, args, fields, words } = context;
  const { id, ...filter } = RENAME.read(args);
  const { name } = await sessions.rename(actor, requireId(id), fields.get('name') ?? '');
  return afterwards(showOne(context, requireId(id), unpacked(filter)), () =>
    words('one.renamed', { name: plain(name ?? '') }),
  );
}

/** One token or login: what it is, and what can be done about it. */
async function showOne(context: Context, id: SessionId, filter: Filter): Promise<Reply> {
  const { sessions, actor, words, clock, policy } = context;
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
        ...sayScopes(words, policy, session.scope),
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
      ...(session.type === 'api'
        ? [button(words('one.rename'), RENAME.write(owner, { type, id: session.id, unused }))]
        : []),
      dangerButton(words('one.revoke'), ASK_REVOKE.write(owner, { type, id: session.id, unused })),
      button(words('button.back'), listId(owner, filter)),
    ),
  );
}
