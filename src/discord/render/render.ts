import {
  type APIButtonComponentWithCustomId,
  type APIButtonComponentWithURL,
  type APIComponentInContainer,
  type APIMessageTopLevelComponent,
  type APISelectMenuOption,
  ButtonStyle,
  ComponentType,
} from 'discord.js';
import type { Session, SessionType } from '../../core/sessions/session.ts';
import type { SessionName } from '../../core/sessions/store.ts';
import type { Instant } from '../../core/time.ts';
import type { Card } from './reply.ts';

type Button = APIButtonComponentWithCustomId | APIButtonComponentWithURL;

export const TYPE_NAMES: Record<SessionType, string> = {
  login: 'login',
  app_login: 'app login',
  api: 'API token',
};

/** Text that a member chose, as it is: no formatting, mention, link or emoji comes out of it. */
export function plain(words: string): string {
  return words.replace(/[!-/:-@[-`{-~]/g, String.raw`\$&`);
}

/** In the reader's own zone and language: the date and how far away it is. */
export function instant(at: Instant): string {
  return `${date(at)} (${relative(at)})`;
}

export function date(at: Instant): string {
  return `<t:${Math.floor(at / 1000)}:f>`;
}

export function relative(at: Instant): string {
  return `<t:${Math.floor(at / 1000)}:R>`;
}

/** `3 API tokens`, `1 login`. */
export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

/** One session in the middle of a sentence. */
export function named({ name, type, hint }: Session): string {
  const what = `${TYPE_NAMES[type]} …${hint}`;
  return name === null ? `the ${what}` : `**${plain(name)}** (${what})`;
}

/** What a phone shows of a menu's line, with room for the hint behind it. */
const LABEL_NAME = 48;

/** One session where nothing is formatted: a menu or an autocomplete choice. */
export function label({ name, type, hint }: SessionName): string {
  const kind = TYPE_NAMES[type];
  return name === null ? `${kind} …${hint}` : `${shorten(name, LABEL_NAME)} …${hint} · ${kind}`;
}

/** A session in a list: what it is, and when. */
export function sessionLines({
  name,
  type,
  hint,
  createdAt,
  lastUsedAt,
  expiresAt,
  rotatedAt,
}: Session): string {
  const end = rotatedAt === null ? 'expires' : 'rotated, works until';
  const what = TYPE_NAMES[type];
  return [
    `${name === null ? `**${what}**` : `**${plain(name)}** · ${what}`} · \`…${hint}\``,
    `-# created ${date(createdAt)} · ${lastUsedAt === null ? 'never used' : `last used ${relative(lastUsedAt)}`} · ${end} ${instant(expiresAt)}`,
  ].join('\n');
}

export function text(content: string): APIComponentInContainer & APIMessageTopLevelComponent {
  return { type: ComponentType.TextDisplay, content };
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
export function shorten(words: string, length: number): string {
  if (words.length <= length) return words;
  const cut = words.slice(0, length - 1);
  return `${cut.isWellFormed() ? cut : cut.slice(0, -1)}…`;
}
