import {
  type APIButtonComponentWithCustomId,
  type APIButtonComponentWithURL,
  type APIComponentInContainer,
  type APIMessageTopLevelComponent,
  type APISelectMenuOption,
  ButtonStyle,
  ComponentType,
} from 'discord.js';
import { type Session, SESSION_TYPES, type SessionType } from '../../core/sessions/session.ts';
import type { SessionName } from '../../core/sessions/store.ts';
import type { Instant } from '../../core/time.ts';
import type { Words } from '../words/words.ts';
import type { Card } from './reply.ts';

type Button = APIButtonComponentWithCustomId | APIButtonComponentWithURL;

/** What a member chose, as it is: no formatting, mention, link or emoji comes out of it. */
export function plain(chosen: string): string {
  return chosen.replace(/[!-/:-@[-`{-~]/g, String.raw`\$&`);
}

const TWO_DAYS_MS = 2 * 86_400_000;

/** In the reader's own zone and language: the date and how far away it is; the time of day only where that is near. */
export function instant(words: Words, at: Instant, now: Instant): string {
  const date = Math.abs(at - now) < TWO_DAYS_MS ? dateTime(at) : day(at);
  return words('time.in_words', { date, relative: relative(at) });
}

export function dateTime(at: Instant): string {
  return stamp(at, 'f');
}

export function day(at: Instant): string {
  return stamp(at, 'D');
}

export function timeOfDay(at: Instant): string {
  return stamp(at, 't');
}

export function relative(at: Instant): string {
  return stamp(at, 'R');
}

function stamp(at: Instant, style: 'f' | 'D' | 't' | 'R'): string {
  return `<t:${Math.floor(at / 1000)}:${style}>`;
}

/** `1 app login and 4 API tokens`; empty for nothing. */
export function census(words: Words, live: Readonly<Record<SessionType, number>>): string {
  const some = SESSION_TYPES.filter((type) => live[type] > 0);
  return words.list(
    some.map((type) =>
      words('count.bold', { what: words(`count.${type}`, { count: live[type] }) }),
    ),
  );
}

/** One token or login, in a sentence or at its head. */
export function named(
  words: Words,
  { name, type, hint }: Pick<Session, 'name' | 'type' | 'hint'>,
): string {
  return name === null
    ? words('session.unnamed', { kind: words(`kind.${type}`), hint: plain(hint) })
    : words('session.named', { name: plain(name), hint: plain(hint) });
}

/** What a phone shows of a menu's line, with room for what stands behind it. */
const LABEL_NAME = 48;

/** One token or login where nothing is formatted: a menu or an autocomplete choice. */
export function label(words: Words, { name, type, hint, lastUsedAt }: SessionName): string {
  const use = words(lastUsedAt === null ? 'session.unused' : `kind.${type}`);
  return name === null
    ? words('session.choice.unnamed', { kind: words(`kind.${type}`), hint, use })
    : words('session.choice', { name: shorten(name, LABEL_NAME), hint, use });
}

/** When it was last used, if it was. */
export function lastUse(words: Words, { lastUsedAt }: Pick<Session, 'lastUsedAt'>): string {
  return lastUsedAt === null
    ? words('session.unused')
    : words('session.used', { when: relative(lastUsedAt) });
}

/** A token or login in a list: two lines. */
export function sessionRow(words: Words, session: Session): string {
  const { expiresAt, rotatedAt } = session;
  const row = {
    session: named(words, session),
    use: lastUse(words, session),
    when: relative(expiresAt),
  };
  return words(rotatedAt === null ? 'session.row' : 'session.row.rotated', row);
}

export function text(content: string): APIComponentInContainer & APIMessageTopLevelComponent {
  return { type: ComponentType.TextDisplay, content };
}

/** Text with a button beside it. */
export function section(
  content: string,
  accessory: Button,
): APIComponentInContainer & APIMessageTopLevelComponent {
  return {
    type: ComponentType.Section,
    components: [{ type: ComponentType.TextDisplay, content }],
    accessory,
  };
}

export function buttons(
  ...components: Button[]
): APIComponentInContainer & APIMessageTopLevelComponent {
  return { type: ComponentType.ActionRow, components };
}

export function select(
  customId: string,
  placeholder: string,
  options: APISelectMenuOption[],
): APIComponentInContainer {
  return {
    type: ComponentType.ActionRow,
    components: [{ type: ComponentType.StringSelect, custom_id: customId, placeholder, options }],
  };
}

export function button(
  caption: string,
  customId: string,
  style: APIButtonComponentWithCustomId['style'] = ButtonStyle.Secondary,
): APIButtonComponentWithCustomId {
  return { type: ComponentType.Button, style, label: caption, custom_id: customId };
}

export function dangerButton(caption: string, customId: string): APIButtonComponentWithCustomId {
  return button(caption, customId, ButtonStyle.Danger);
}

export function linkButton(caption: string, url: string): APIButtonComponentWithURL {
  return { type: ComponentType.Button, style: ButtonStyle.Link, label: caption, url };
}

export function card(...components: APIComponentInContainer[]): Card {
  return { components: [{ type: ComponentType.Container, components }] };
}

export function divider(): APIComponentInContainer {
  return { type: ComponentType.Separator };
}

/** At most `length` UTF-16 units, as Discord may count, and no half characters. */
export function shorten(long: string, length: number): string {
  if (long.length <= length) return long;
  const cut = long.slice(0, length - 1);
  return `${cut.isWellFormed() ? cut : cut.slice(0, -1)}…`;
}
