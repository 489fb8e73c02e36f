import { LAST_INSTANT } from '../../core/sessions/session.ts';
import type { Instant } from '../../core/time.ts';
import { shorten } from '../render/render.ts';
import { Declined } from '../render/reply.ts';
import type { Words } from '../words/words.ts';
import type { Choice } from './command.ts';
import { likelyUnits, readDuration } from './duration.ts';

export interface Expiry {
  readonly expiresAt: Instant;
  /** What was asked for lies beyond the last instant that can be shown. */
  readonly capped: boolean;
}

/** Why what was typed is no time that can be taken. */
type Trouble = (words: Words) => string;

const SECOND = 1000;
const DAY = 86_400 * SECOND;
/** What Discord takes as a choice. */
const LONGEST = 100;

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
  const common = ['1 hour', '1 day', '7 days', '30 days', '90 days', '1 year'];
  return readingsOf(text, common).map((value) => {
    const until = readExpires(value, now);
    if (typeof until === 'function') {
      const tried = words('time.try.plain', { date: someDate(now) });
      return choice(`${until(words)} ${tried}`, value);
    }
    const typed = shorten(value, 40);
    return choice(words('time.preview', { typed, when: preview(words, until, now) }), value);
  });
}

/** The same for a length of time until now. */
export function suggestSpans(words: Words, text: string): Choice[] {
  return readingsOf(text, ['1 day', '7 days', '30 days', '90 days', '1 year']).map((value) => {
    const span = readSpan(value);
    return typeof span === 'function'
      ? choice(`${span(words)} ${words('time.try_span.plain')}`, value)
      : choice(words('time.last', { span: shorten(value, 40) }), value);
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
  if (likeliest === undefined || next === undefined) return (words) => words('time.no_unit');
  return (words) => words('time.which_unit', { likeliest, next });
}

function readingsOf(text: string, common: readonly string[]): readonly string[] {
  const typed = text.trim();
  if (typed === '') return common;
  const readings = inLikelyUnits(typed);
  return readings.length === 0 ? [typed] : readings;
}

/** A number without a unit in each unit that it may have meant; none for what is not such a number. */
function inLikelyUnits(typed: string): readonly string[] {
  const amount = /^\d{1,4}$/.test(typed) ? Number(typed) : 0;
  return amount === 0 ? [] : likelyUnits(amount).map((unit) => inUnit(amount, unit));
}

/** As it is typed, which is in English everywhere: the value of a choice is read again. */
function inUnit(amount: number, unit: string): string {
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`;
}

function choice(name: string, value: string): Choice {
  return { name, value: shorten(value, LONGEST) };
}

/** Not by Intl, which takes 11 MB for it. The time of day only where it is near. */
function preview(words: Words, until: Instant, now: Instant): string {
  if (until >= LAST_INSTANT) return words('time.latest');
  const [year, month, day, time = ''] = new Date(until).toISOString().split(/[-T]/);
  const date = words('time.day', {
    day: Number(day),
    month: String(Number(month)),
    year: Number(year),
  });
  return until - now < 2 * DAY
    ? words('time.minute', { date, time: time.slice(0, 'hh:mm'.length) })
    : date;
}

/** An example that does not age. */
function someDate(now: Instant): string {
  return `${new Date(now).getUTCFullYear() + 1}-01-31`;
}
