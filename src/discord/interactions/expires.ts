import { LAST_INSTANT } from '../../core/sessions/session.ts';
import type { Instant } from '../../core/time.ts';
import { shorten } from '../render/render.ts';
import { Declined } from '../render/reply.ts';
import type { Words } from '../words/words.ts';
import type { Choice } from './command.ts';
import { likelyUnits, readDuration, type Unit } from './duration.ts';

export interface Expiry {
  readonly expiresAt: Instant;
  /** What was asked for lies beyond the last instant that can be shown. */
  readonly capped: boolean;
}

/** A way to say a length of time, or what was typed. */
interface Reading {
  /** What is read again when it is picked: in English, which is read everywhere. */
  readonly value: string;
  readonly shown: (words: Words) => string;
}

/** Why what was typed is no time that can be taken. */
type Trouble = (words: Words) => string;

const SECOND = 1000;
const DAY = 86_400 * SECOND;
/** What Discord takes as a choice. */
const LONGEST = 100;
const COMMON: readonly Reading[] = [
  inUnit(1, 'day'),
  inUnit(7, 'day'),
  inUnit(30, 'day'),
  inUnit(90, 'day'),
  inUnit(1, 'year'),
];

/**
 * Reads what a member typed for `expires`: a length of time, or a date.
 * @throws Declined, with what is allowed
 */
export function parseExpires(text: string, now: Instant): Expiry {
  const until = readExpires(text, now);
  if (typeof until === 'function') {
    throw new Declined((words) => `${until(words)} ${words('time.try', { date: someDate(now) })}`);
  }
  return { expiresAt: Math.min(until, LAST_INSTANT), capped: until >= LAST_INSTANT };
}

/**
 * Reads a length of time.
 * @returns milliseconds
 * @throws Declined, with what is allowed
 */
export function parseSpan(text: string): number {
  const span = readSpan(text);
  if (typeof span === 'function') {
    throw new Declined((words) => `${span(words)} ${words('time.try_span')}`);
  }
  return span;
}

/** What to offer while a member types: the reading of what is there, or ways to go on. */
export function suggestExpires(words: Words, text: string, now: Instant): Choice[] {
  return readingsOf(text, [inUnit(1, 'hour'), ...COMMON]).map(({ value, shown }) => {
    const until = readExpires(value, now);
    if (typeof until === 'function') {
      const tried = words('time.try.plain', { date: someDate(now) });
      return choice(`${until(words)} ${tried}`, value);
    }
    const when = preview(words, until, now);
    return choice(words('time.preview', { span: shown(words), when }), value);
  });
}

/** The same for a length of time until now. */
export function suggestSpans(words: Words, text: string): Choice[] {
  return readingsOf(text, COMMON).map(({ value, shown }) => {
    const span = readSpan(value);
    return typeof span === 'function'
      ? choice(`${span(words)} ${words('time.try_span.plain')}`, value)
      : choice(words('time.last', { span: shown(words) }), value);
  });
}

function readExpires(text: string, now: Instant): Instant | Trouble {
  const typed = text.trim();
  if (/^\d{4}-\d{2}-\d{2}$/.test(typed)) return readDate(typed, now);
  const span = readSpan(typed);
  if (span === 0) return (words) => words('time.none');
  return typeof span === 'function' ? span : now + span;
}

function readDate(typed: string, now: Instant): Instant | Trouble {
  const at = Date.parse(`${typed}T00:00:00Z`);
  // Date.parse takes 31 February for 3 March.
  if (Number.isNaN(at) || !new Date(at).toISOString().startsWith(typed)) {
    return (words) => words('time.no_such_date');
  }
  return at < now + SECOND ? (words) => words('time.past') : at;
}

function readSpan(text: string): number | Trouble {
  const typed = text.trim().toLowerCase();
  if (typed.length <= LONGEST) {
    if (/^\d+(?:\.\d+)?$/.test(typed)) return lackOfUnit(typed);
    const span = readDuration(typed);
    if (span !== null) return span;
  }
  return (words) => words('time.not_understood');
}

/** Tokens of seven seconds were made by a number that was meant as days. */
function lackOfUnit(typed: string): Trouble {
  const [likeliest, next] = inLikelyUnits(typed);
  return (words) =>
    likeliest === undefined || next === undefined
      ? words('time.no_unit')
      : words('time.which_unit', { likeliest: likeliest.shown(words), next: next.shown(words) });
}

function readingsOf(text: string, common: readonly Reading[]): readonly Reading[] {
  const typed = text.trim();
  if (typed === '') return common;
  const readings = inLikelyUnits(typed);
  return readings.length === 0 ? [{ value: typed, shown: () => shorten(typed, 40) }] : readings;
}

/** A number without a unit in each unit that it may have meant; none for what is not such a number. */
function inLikelyUnits(typed: string): readonly Reading[] {
  const amount = /^\d{1,4}$/.test(typed) ? Number(typed) : 0;
  return amount === 0 ? [] : likelyUnits(amount).map((unit) => inUnit(amount, unit));
}

function inUnit(count: number, unit: Unit): Reading {
  return {
    value: `${count} ${unit}${count === 1 ? '' : 's'}`,
    shown: (words) => words(`time.span.${unit}`, { count }),
  };
}

function choice(name: string, value: string): Choice {
  return { name, value: shorten(value, LONGEST) };
}

/** Not by Intl, which takes 11 MB for it. The time of day only where it is near. */
function preview(words: Words, until: Instant, now: Instant): string {
  if (until >= LAST_INSTANT) return words('time.latest');
  const at = new Date(until);
  const date = words('time.day', {
    day: at.getUTCDate(),
    month: String(at.getUTCMonth() + 1),
    year: at.getUTCFullYear(),
  });
  const time = at.toISOString().slice('yyyy-mm-ddT'.length, 'yyyy-mm-ddThh:mm'.length);
  return until - now < 2 * DAY ? words('time.minute', { date, time }) : date;
}

/** An example that does not age. */
function someDate(now: Instant): string {
  return `${new Date(now).getUTCFullYear() + 1}-01-31`;
}
