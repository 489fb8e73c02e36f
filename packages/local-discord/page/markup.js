// Discord's markup, as elements.
import { h } from './elements.js';

const INLINE = new RegExp(
  [
    String.raw`\\(?<escaped>[^\w\s])`,
    String.raw`\x60\x60\x60(?:\w+\n)?\n?(?<block>[\s\S]+?)\x60\x60\x60`,
    String.raw`\x60(?<code>[^\x60\n]+)\x60`,
    String.raw`\|\|(?<spoiler>[\s\S]+?)\|\|`,
    String.raw`\*\*(?<bold>[\s\S]+?)\*\*`,
    String.raw`__(?<under>[\s\S]+?)__`,
    String.raw`~~(?<struck>[\s\S]+?)~~`,
    String.raw`\*(?<italic>[^*\s][^*]*?)\*`,
    String.raw`(?<!\w)_(?<slanted>[^_]+?)_(?!\w)`,
    String.raw`<t:(?<time>-?\d+)(?::(?<style>[tTdDfFR]))?>`,
    String.raw`<@&(?<role>\d+)>`,
    String.raw`<@!?(?<user>\d+)>`,
    String.raw`<#(?<channel>\d+)>`,
    String.raw`<\/(?<command>[^:>]+):\d+>`,
    String.raw`\[(?<label>[^\]\n]+)\]\(<?(?<href>https?:[^)\s>]+)>?\)`,
    String.raw`<?(?<url>https?:\/\/[^\s<>)]+)>?`,
  ].join('|'),
  'gu',
);

const HEADING = /^(#{1,3}) (.*)$/;
const BULLET = /^\s*[-*] (.*)$/;

/** Blocks of a message's text. `world` names who and what is mentioned. */
export function blocks(text, world) {
  const found = [];
  // A block of code may hold anything, line breaks too.
  for (const part of text.split(/(```[\s\S]+?```)/)) {
    if (part.startsWith('```')) {
      found.push(...inline(part, world));
      continue;
    }
    for (const line of part.split('\n')) {
      if (line === '') continue;
      const [, marks, heading] = HEADING.exec(line) ?? [];
      const bullet = BULLET.exec(line)?.[1];
      if (marks !== undefined) {
        found.push(h(`p.heading.level-${marks.length}`, {}, inline(heading, world)));
      } else if (line.startsWith('-# ')) {
        found.push(h('p.small', {}, inline(line.slice(3), world)));
      } else if (line.startsWith('> ')) {
        found.push(h('blockquote', {}, inline(line.slice(2), world)));
      } else if (bullet !== undefined) {
        found.push(h('p.bullet', {}, inline(bullet, world)));
      } else found.push(h('p', {}, inline(line, world)));
    }
  }
  return found;
}

export function inline(text, world) {
  const nodes = [];
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > at) nodes.push(text.slice(at, match.index));
    nodes.push(element(match.groups, world));
    at = match.index + match[0].length;
  }
  if (at < text.length) nodes.push(text.slice(at));
  return nodes;
}

function element(found, world) {
  const inner = (part) => inline(part, world);
  if (found.escaped !== undefined) return found.escaped;
  if (found.block !== undefined) return h('pre', { tabIndex: 0 }, h('code', {}, found.block));
  if (found.code !== undefined) return h('code', {}, found.code);
  if (found.spoiler !== undefined) return spoiler(inner(found.spoiler));
  if (found.bold !== undefined) return h('strong', {}, inner(found.bold));
  if (found.under !== undefined) return h('u', {}, inner(found.under));
  if (found.struck !== undefined) return h('s', {}, inner(found.struck));
  if (found.italic !== undefined) return h('em', {}, inner(found.italic));
  if (found.slanted !== undefined) return h('em', {}, inner(found.slanted));
  if (found.time !== undefined) return time(Number(found.time), found.style ?? 'f', world);
  if (found.role !== undefined) return mention(`@${world.roles.get(found.role) ?? 'role'}`);
  if (found.user !== undefined) return mention(`@${world.names[found.user] ?? found.user}`);
  if (found.channel !== undefined)
    return mention(`# ${world.rooms.get(found.channel) ?? 'unknown'}`);
  if (found.command !== undefined) return mention(`/${found.command}`);
  const href = found.href ?? found.url;
  const properties = { href, target: '_blank', rel: 'noreferrer noopener' };
  return h('a', properties, found.label ?? href);
}

function mention(text) {
  return h('span.mention', {}, text);
}

function spoiler(children) {
  const hidden = h('span.inside', { inert: true }, children);
  const cover = h('button.spoiler', {
    type: 'button',
    'aria-label': 'Spoiler: show it',
    'aria-expanded': 'false',
    onclick: () => {
      hidden.inert = false;
      const shown = h('span.spoiler.shown', { tabIndex: -1 }, hidden);
      cover.replaceWith(shown);
      shown.focus();
    },
  });
  cover.append(hidden);
  return cover;
}

const STYLES = {
  t: { timeStyle: 'short' },
  T: { timeStyle: 'medium' },
  d: { dateStyle: 'short' },
  D: { dateStyle: 'long' },
  f: { dateStyle: 'long', timeStyle: 'short' },
  F: { dateStyle: 'full', timeStyle: 'short' },
};

function time(seconds, style, { locale, now }) {
  const date = new Date(seconds * 1000);
  const full = date.toLocaleString(locale, STYLES.F);
  const text =
    style === 'R'
      ? relative(seconds - now / 1000, locale)
      : date.toLocaleString(locale, STYLES[style]);
  return h('time', { dateTime: date.toISOString(), title: full }, text);
}

const UNITS = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
];

function relative(seconds, locale) {
  const [unit, length] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? ['second', 1];
  return new Intl.RelativeTimeFormat(locale).format(Math.round(seconds / length), unit);
}
