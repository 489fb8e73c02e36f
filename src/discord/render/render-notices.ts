import { ButtonStyle, ComponentType } from 'discord.js';
import type { AuditRowWithSession, Batch } from '../../core/outbox/store.ts';
import { isLive, type Session } from '../../core/sessions/session.ts';
import type { Instant } from '../../core/time.ts';
import { writeCustomId } from '../interactions/custom-id.ts';
import type { Policy } from '../../core/policy/policy.ts';
import type { Words } from '../words/words.ts';
import { requestNotices } from './render-request.ts';
import { banLines, suspensionLines } from './render-ban.ts';
import {
  button,
  buttons,
  card,
  dangerButton,
  dateTime,
  instant,
  label,
  named,
  plain,
  relative,
  select,
  text,
} from './render.ts';
import type { Card } from './reply.ts';
import { sayScopes, scopeLine } from './scopes.ts';

/** A notice's lines and buttons, one part for each event; none where it has become pointless. */
type Part = Parameters<typeof card>;

/** For whom a notice is, and when it is written. */
export interface NoticeContext {
  readonly words: Words;
  readonly now: Instant;
  readonly appealUrl: string | undefined;
  /** Absent where every token may do everything. */
  readonly policy?: Policy | undefined;
  /** By which the message is found again: a button carries it, out of sight. */
  readonly mark: string;
}

type Events = readonly AuditRowWithSession[];

interface Telling extends NoticeContext {
  readonly owner: string;
}

/** What a member is told of a batch of events of one action; null if there is nothing left to tell. */
export function noticeCard(
  { recipient: owner, events }: Batch,
  context: NoticeContext,
): Card | null {
  const [first] = events;
  if (first === undefined || owner === null) return null;
  const parts = partsOf(first.action, events, { ...context, owner });
  if (parts.length === 0) return null;
  const settings = button(
    context.words('button.notices'),
    writeCustomId('notices', owner, context.mark),
  );
  const last = parts.at(-1);
  // Beside the notice's own buttons, where there is room for it.
  if (last?.type === ComponentType.ActionRow && hasRoom(last.components)) {
    return card(...parts.slice(0, -1), { ...last, components: [...last.components, settings] });
  }
  return card(...parts, buttons(settings));
}

const BUTTONS_A_ROW = 5;

function hasRoom(row: readonly { readonly type: ComponentType }[]): boolean {
  return row.length < BUTTONS_A_ROW && row.every(({ type }) => type === ComponentType.Button);
}

function partsOf(action: AuditRowWithSession['action'], events: Events, telling: Telling): Part {
  switch (action) {
    case 'token.reported':
      return [text(leaked(events, telling))];
    case 'token.expiring':
      return expiring(events, telling);
    case 'token.expired':
      return expired(events, telling);
    case 'token.first_used':
      return firstUsed(events, telling);
    case 'token.reused':
      return reused(events, telling);
    case 'token.revoked':
      return [text(revoked(events, telling))];
    case 'session.rotated':
      return rotated(events, telling);
    case 'rotation.refused':
      return contested(events, telling);
    case 'session.created':
      return loggedIn(events, telling);
    case 'account.banned':
      return [text(banned(events, telling))];
    case 'roles.changed':
      return suspensionLines(telling.words, telling.policy).map(text);
    case 'account.unbanned':
      return [text(telling.words('unban.told'))];
    default:
      return requestNotices(events, telling);
  }
}

function sessionsOf(events: Events): readonly Session[] {
  return events.flatMap(({ session }) => session ?? []);
}

function notMe({ words, owner }: Telling, { id }: Session, caption = words('button.not_me')) {
  return buttons(dangerButton(caption, writeCustomId('not-me', owner, id)));
}

/** One that ended already is told too: whoever it was may have made a token with it, and left. */
function loggedIn(events: Events, telling: Telling): Part {
  const { words } = telling;
  return sessionsOf(events).flatMap((session) => [
    text(
      words('notice.login', {
        kind: words(`kind.${session.type}`),
        hint: plain(session.hint),
        when: relative(session.createdAt),
        until: dateTime(session.expiresAt),
      }),
    ),
    notMe(telling, session),
  ]);
}

function firstUsed(events: Events, telling: Telling): Part {
  const { words, policy } = telling;
  return events.flatMap(({ session, at }) =>
    session === null
      ? []
      : [
          text(
            [
              words('notice.first_used', {
                session: named(words, session),
                when: relative(at),
                created: relative(session.createdAt),
              }),
              ...sayScopes(words, policy, session.scope),
            ].join('\n'),
          ),
          notMe(telling, session),
        ],
  );
}

/** As many have room with buttons of their own. */
const MOST_WITH_BUTTONS = 8;
/** As many choices does a menu of Discord's have. */
const MOST_LISTED = 25;
/** How long the lines of a list may be together, so that all else has room beside them. */
const LONGEST_LIST = 3_000;

function expiring(events: Events, telling: Telling): Part {
  const { words, owner, now, policy } = telling;
  const expire = sessionsOf(events)
    .filter((session) => isLive(session, now) && session.rotatedAt === null)
    .toSorted((one, other) => one.expiresAt - other.expiresAt);
  const [first] = expire;
  if (first === undefined) return [];
  const how = text(words('notice.expiring.how'));
  if (expire.length === 1) {
    const name = plain(first.name ?? '');
    const [when, date] = [relative(first.expiresAt), dateTime(first.expiresAt)];
    return [
      text(
        [
          words('notice.expiring.one', { name, hint: plain(first.hint), when, date }),
          ...sayScopes(words, policy, first.scope),
        ].join('\n'),
      ),
      how,
      rotateOrLet(telling, first),
    ];
  }
  const some = expire.length > MOST_WITH_BUTTONS ? list(expire, telling) : each(expire, telling);
  return [
    text(words('notice.expiring.many', { count: expire.length })),
    ...some,
    how,
    buttons(
      button(
        words('notice.expiring.rotate_all'),
        writeCustomId('rotate-all', owner),
        ButtonStyle.Primary,
      ),
    ),
  ];
}

function expiry({ words, now, policy }: Telling, session: Session): string {
  const when = instant(words, session.expiresAt, now);
  const line = words('notice.expiring.line', { session: named(words, session), when });
  return `${line}${scopeLine(words, policy, session)}`;
}

function rotateOrLet({ words, owner }: Telling, { id }: Session) {
  return buttons(
    button(words('button.rotate'), writeCustomId('rotate', owner, id), ButtonStyle.Primary),
    button(words('notice.expiring.let'), writeCustomId('let-expire', owner, id)),
  );
}

function each(expire: readonly Session[], telling: Telling): Part {
  return expire.flatMap((session) => [
    text(expiry(telling, session)),
    rotateOrLet(telling, session),
  ]);
}

/** Those that end first, with a menu for each act. */
function list(expire: readonly Session[], telling: Telling): Part {
  const { words, owner } = telling;
  const shown = expire.slice(0, MOST_LISTED);
  const lines = fold(shown.map((session) => expiry(telling, session)));
  const choices = shown
    .slice(0, lines.length)
    .map((session) => ({ label: label(words, session), value: session.id }));
  const count = expire.length - lines.length;
  const more = count === 0 ? [] : [words('notice.expiring.more', { count })];
  return [
    text([...lines, ...more].join('\n')),
    select(writeCustomId('rotate', owner), words('notice.expiring.rotate_one'), choices),
    select(writeCustomId('let-expire', owner), words('notice.expiring.let_one'), choices),
  ];
}

function expired(events: Events, { words }: Telling): Part {
  const over = sessionsOf(events).filter(({ ended }) => ended === null);
  if (over.length === 0) return [];
  const lines = fold(
    over.map((session) =>
      words('notice.expired.line', {
        session: named(words, session),
        when: relative(session.expiresAt),
      }),
    ),
  );
  const count = over.length - lines.length;
  const more = count === 0 ? [] : [words('notice.expired.more', { count })];
  return [text([...lines, ...more, words('notice.expired.how')].join('\n'))];
}

/** As many of the lines as have room. */
function fold(lines: readonly string[]): readonly string[] {
  let length = 0;
  const end = lines.findIndex((line) => (length += line.length + 1) > LONGEST_LIST);
  return end < 0 ? lines : lines.slice(0, end);
}

/** What an event is about; its row may be gone. */
function subject(words: Words, { session, detail }: AuditRowWithSession): string {
  return session === null ? words('session.gone', { hint: hintOf(detail) }) : named(words, session);
}

function reused(events: Events, telling: Telling): Part {
  const { words } = telling;
  return events.flatMap((event) => [
    text(words('notice.reused', { session: subject(words, event) })),
    ...(event.session === null
      ? []
      : [notMe(telling, event.session, words('notice.reused.not_me'))]),
  ]);
}

/** Whoever did it had a token of the owner's; what they got is told, and its end offered. */
function rotated(events: Events, telling: Telling): Part {
  const { words } = telling;
  return events.flatMap(({ session, at, actorHint }) => {
    if (session === null) return [];
    const values = { session: named(words, session), when: relative(at) };
    const told =
      actorHint === null
        ? words('notice.rotated', values)
        : words('notice.rotated.with', { ...values, hint: plain(actorHint) });
    return [text(told), notMe(telling, session)];
  });
}

function contested(events: Events, telling: Telling): Part {
  const { words } = telling;
  const parts = sessionsOf(events).flatMap((session) => [
    text(words('notice.contested', { session: named(words, session) })),
    notMe(telling, session),
  ]);
  return parts.length === 0 ? [] : [...parts, text(words('notice.contested.how'))];
}

/** To the owner of what somebody ended who had it. */
function revoked(events: Events, { words }: Telling): string {
  const lines = events.map((event) => {
    const session = subject(words, event);
    const count = Number(event.detail['ended']) - 1;
    return count > 0
      ? words('notice.revoked.with', { session, count })
      : words('notice.revoked', { session });
  });
  return [...lines, words('notice.revoked.how')].join('\n');
}

/** To the owner of tokens that were found lying open. */
function leaked(events: Events, { words }: Telling): string {
  const count = events.length;
  const hints = listed(
    words,
    events.map(({ detail }) => `\`…${hintOf(detail)}\``),
  );
  const channels = new Set(events.map(({ detail }) => detail['channelId']));
  const [channelId] = channels;
  const isElsewhere = events.every(({ actorKind }) => actorKind === 'bearer');
  const told = isElsewhere
    ? words('notice.leaked.found', { count, hints })
    : channels.size === 1 && typeof channelId === 'string'
      ? words('notice.leaked.in', { count, hints, channel: `<#${channelId}>` })
      : words('notice.leaked', { count, hints });
  return [told, words('notice.leaked.how')].join('\n');
}

/** Of several bans in one message the last one counts. */
function banned(events: Events, { words, now, appealUrl }: Telling): string {
  const { at = now, detail = {} } = events.at(-1) ?? {};
  const { source, until, reason, ended, told } = detail;
  const ban = {
    source: source === 'server' ? source : 'staff',
    at,
    until: typeof until === 'number' ? until : null,
    by: null,
    reason: typeof reason === 'string' ? reason : null,
    isReasonTold: told === true,
    endedSessions: Number(ended ?? 0) > 0,
  } as const;
  return [words('ban.told'), ...banLines(words, ban, now, appealUrl)].join('\n');
}

const LISTED = 50;

/** As many as are worth to be read, and how many more there are. */
function listed(words: Words, items: readonly string[]): string {
  const count = items.length - LISTED;
  if (count <= 0) return words.list(items);
  const shown = items
    .slice(1, LISTED)
    .reduce((before, next) => words('list.comma', { before, next }), items[0] ?? '');
  return words('list.more', { before: shown, count });
}

function hintOf({ hint }: AuditRowWithSession['detail']): string {
  return typeof hint === 'string' ? plain(hint) : '';
}
