import { ButtonStyle } from 'discord.js';
import type { AuditRowWithSession, Batch } from '../../core/outbox/store.ts';
import { isLive, type Session } from '../../core/sessions/session.ts';
import type { Instant } from '../../core/time.ts';
import { writeCustomId } from '../interactions/custom-id.ts';
import {
  button,
  buttons,
  card,
  count,
  dangerButton,
  instant,
  label,
  named,
  plain,
  relative,
  select,
  text,
} from './render.ts';
import type { Card } from './reply.ts';

/** A notice's lines and buttons, one part for each event; none where it has become pointless. */
type Part = Parameters<typeof card>;

/** What a member is told of a batch of events of one action; null if there is nothing left to tell. */
export function noticeCard({ recipient, events }: Batch, now: Instant, mark: string): Card | null {
  const [first] = events;
  if (first === undefined || recipient === null) return null;
  const parts = partsOf(first.action, recipient, events, now);
  if (parts.length === 0) return null;
  return card(...parts, text(`-# \`/session notify\` chooses what I write to you. ${mark}`));
}

function partsOf(
  action: AuditRowWithSession['action'],
  owner: string,
  events: readonly AuditRowWithSession[],
  now: Instant,
): Part {
  switch (action) {
    case 'token.reported':
      return [text(leaked(events))];
    case 'token.expiring':
      return expiring(owner, events, now);
    case 'token.expired':
      return expired(events);
    case 'token.first_used':
      return events.flatMap(({ session, at }) =>
        session === null
          ? []
          : [
              text(`${named(session)} was used for the first time, ${relative(at)}.`),
              notMe(owner, session),
            ],
      );
    case 'token.reused':
      return reused(owner, events);
    case 'token.revoked':
      return [text(revoked(events))];
    case 'session.rotated':
      return rotated(owner, events);
    case 'rotation.refused':
      return contested(owner, events);
    case 'session.created':
      // One that ended already is told too: whoever it was may have made a token with it, and left.
      return sessionsOf(events).flatMap((session) => [
        text(
          `There was a new login to your account ${relative(session.createdAt)}: ${named(session)}.`,
        ),
        notMe(owner, session),
      ]);
    default:
      return [];
  }
}

function sessionsOf(events: readonly AuditRowWithSession[]): readonly Session[] {
  return events.flatMap(({ session }) => session ?? []);
}

function notMe(owner: string, { id }: Session) {
  return buttons(dangerButton("This wasn't me", writeCustomId('not-me', owner, id)));
}

/** As many have room with buttons of their own. */
const MOST_WITH_BUTTONS = 8;
/** As many choices does a menu of Discord's have. */
const MOST_LISTED = 25;
/** How long the lines of a list may be together, so that all else has room beside them. */
const LONGEST_LIST = 3_000;

function expiring(owner: string, events: readonly AuditRowWithSession[], now: Instant): Part {
  const expire = sessionsOf(events)
    .filter((session) => isLive(session, now) && session.rotatedAt === null)
    .toSorted((one, other) => one.expiresAt - other.expiresAt);
  if (expire.length === 0) return [];
  const what = expire.length === 1 ? 'Your API token expires' : 'Your API tokens expire';
  const some = expire.length > MOST_WITH_BUTTONS ? list(owner, expire) : each(owner, expire);
  return [
    text(`### ${what} soon`),
    ...some,
    text('_Rotate_ sends you a new token; the old one still works for up to 24 hours.'),
  ];
}

const expiry = (session: Session) => `${named(session)} expires ${instant(session.expiresAt)}.`;

function each(owner: string, expire: readonly Session[]): Part {
  return expire.flatMap((session) => [
    text(expiry(session)),
    buttons(
      button('Rotate', writeCustomId('rotate', owner, session.id), ButtonStyle.Primary),
      button('Let it expire', writeCustomId('let-expire', owner, session.id)),
    ),
  ]);
}

/** Those that end first, with a menu for each act. */
function list(owner: string, expire: readonly Session[]): Part {
  const shown = expire.slice(0, MOST_LISTED);
  const lines = fold(shown.map(expiry));
  const choices = shown
    .slice(0, lines.length)
    .map((session) => ({ label: label(session), value: session.id }));
  const left = expire.length - lines.length;
  const more = left === 0 ? [] : [`… and ${left} more: use \`/token rotate\` for those.`];
  return [
    text([...lines, ...more].join('\n')),
    select(writeCustomId('rotate', owner), 'Rotate one of these…', choices),
    select(writeCustomId('let-expire', owner), 'Let one of these expire…', choices),
  ];
}

function expired(events: readonly AuditRowWithSession[]): Part {
  const over = sessionsOf(events).filter(({ ended }) => ended === null);
  if (over.length === 0) return [];
  const lines = fold(
    over.map(
      (session) =>
        `${named(session)} expired ${relative(session.expiresAt)}. It was used in its last days.`,
    ),
  );
  const left = over.length - lines.length;
  return [
    text(
      [
        ...lines,
        ...(left === 0 ? [] : [`… and ${left} more.`]),
        'If something still needs it, `/token create` gives you a new one.',
      ].join('\n'),
    ),
  ];
}

/** As many of the lines as have room. */
function fold(lines: readonly string[]): readonly string[] {
  let length = 0;
  const end = lines.findIndex((line) => (length += line.length + 1) > LONGEST_LIST);
  return end < 0 ? lines : lines.slice(0, end);
}

/** The row of a token that was rotated long ago may be gone. */
function reused(owner: string, events: readonly AuditRowWithSession[]): Part {
  return [
    ...events.flatMap(({ session, detail }) => {
      const what = session === null ? `A token …${hintOf(detail)}` : named(session);
      return [
        text(`${what} was used after it had been rotated and its grace was over. It was refused.`),
        ...(session === null ? [] : [notMe(owner, session)]),
      ];
    }),
    text(
      [
        'Something still has the old token: give it the new one. Nothing else was changed.',
        ...(sessionsOf(events).length === 0
          ? []
          : [
              'If it was not you who rotated it, press the button: that revokes all that it created.',
            ]),
      ].join('\n'),
    ),
  ];
}

/** Whoever did it had a token of the owner's; what they got is told, and its end offered. */
function rotated(owner: string, events: readonly AuditRowWithSession[]): Part {
  return events.flatMap(({ session, at, actorHint }) =>
    session === null
      ? []
      : [
          text(
            `${named(session)} took the place of an older token ${relative(at)}: that was rotated over HTTP${actorHint === null ? '' : `, with …${actorHint}`}.`,
          ),
          notMe(owner, session),
        ],
  );
}

function contested(owner: string, events: readonly AuditRowWithSession[]): Part {
  const [first, ...more] = sessionsOf(events).flatMap((session) => [
    text(
      `${named(session)} had been rotated, and something that still has it wanted to rotate it again. I refused that; the new token is as it was.`,
    ),
    notMe(owner, session),
  ]);
  if (first === undefined) return [];
  return [
    first,
    ...more,
    text(
      'If that is a program of yours, give it the new token. If not, press the button: that revokes the old one at once, and all that it created.',
    ),
  ];
}

/** To the owner of what somebody ended who had it. */
function revoked(events: readonly AuditRowWithSession[]): string {
  const lines = events.map(({ session, detail }) => {
    const what = session === null ? `A token …${hintOf(detail)}` : named(session);
    const others = Number(detail['ended']) - 1;
    return `${what} was revoked by somebody who has it${others > 0 ? `, and with it ${count(others, 'session')} that it created` : ''}.`;
  });
  return [
    ...lines,
    'Programs do that when you log out of them. If you do not know who it was, somebody found it: nothing is left to do, it no longer works.',
  ].join('\n');
}

/** To the owner of tokens that were found lying open. */
function leaked(events: readonly AuditRowWithSession[]): string {
  const hints = listed(events.map(({ detail }) => `…${hintOf(detail)}`));
  const channels = new Set(events.map(({ detail }) => detail['channelId']));
  const [channelId] = channels;
  const where = channels.size === 1 && typeof channelId === 'string' ? ` in <#${channelId}>` : '';
  const isOne = events.length === 1;
  const [what, it] = isOne ? ['Your token', 'it'] : ['Your tokens', 'them'];
  const isElsewhere = events.every(({ actorKind }) => actorKind === 'bearer');
  const place = isElsewhere
    ? `${isOne ? 'was' : 'were'} found lying open and reported`
    : `stood in a message${where}`;
  return [
    `${what} ${hints} ${place}, so I **revoked** ${it} and all that was created with ${it}.`,
    'If something still needs a token, `/token create` gives you a new one.',
  ].join('\n');
}

const LISTED = 50;

/** As many as are worth to be read, and how many more there are. */
function listed(words: readonly string[]): string {
  const more = words.length - LISTED;
  return more > 0 ? `${words.slice(0, LISTED).join(', ')} and ${more} more` : words.join(', ');
}

function hintOf({ hint }: AuditRowWithSession['detail']): string {
  return typeof hint === 'string' ? plain(hint) : '';
}
