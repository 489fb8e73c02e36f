import { invalid } from '../core/errors.ts';
import { expiryAfter, type Instant, LAST_INSTANT } from '../core/session.ts';
import { shorten } from './render.ts';

export interface Expiry {
  readonly expiresAt: Instant;
  /** What was asked for lies beyond the last instant that can be shown. */
  readonly capped: boolean;
}

const SECOND = 1000;
const DAY = 86_400 * SECOND;

// A month is 30 days and a year is 365: what was asked for is echoed as an instant in any case.
const UNITS: readonly (readonly [pattern: string, ms: number])[] = [
  ['mo|months?', 30 * DAY],
  ['s|secs?|seconds?', SECOND],
  ['m|mins?|minutes?', 60 * SECOND],
  ['h|hrs?|hours?', 3600 * SECOND],
  ['d|days?', DAY],
  ['w|wks?|weeks?', 7 * DAY],
  ['y|yrs?|years?', 365 * DAY],
];

const SCALES: Readonly<Record<string, number>> = { thousand: 1e3, million: 1e6, billion: 1e9 };

const NUMBER = String.raw`\d{1,16}(?:\.\d{1,6})?`;
const UNIT = UNITS.map(([pattern]) => pattern).join('|');
const TERM = String.raw`(${NUMBER})\s*(thousand|million|billion)?\s*(${UNIT})(?![a-z])`;
const DURATION = new RegExp(String.raw`^(?:${TERM}[\s,]*(?:and\s+)?)+$`);
const TERMS = new RegExp(TERM, 'g');

export const EXPIRES_HINT =
  'Use a length of time such as `90m`, `36h`, `7d`, `2 weeks`, `3mo` or `1y`, a date such as `2027-01-31` (00:00 UTC), or a whole number of seconds.';

const UNREADABLE = 'Not a future time. Try 7d, 36h, 2 weeks, 1y or 2027-01-31';
const LONGEST = 100;

/**
 * Reads what a member typed for `expires`.
 * @throws AppError `invalid`, with what is allowed
 */
export function parseExpires(text: string, now: Instant): Expiry {
  const typed = text.trim().toLowerCase();
  if (/^\d+$/.test(typed)) return cap(expiryAfter(now, Number(typed)));
  const until = /^\d{4}-\d{2}-\d{2}$/.test(typed) ? readDate(typed) : now + readDuration(typed);
  if (until < now + SECOND) {
    throw invalid(`That is in the past. ${EXPIRES_HINT}`);
  }
  return cap(until);
}

/**
 * Reads a span of time: a duration or a whole number of seconds.
 * @returns milliseconds
 * @throws AppError `invalid`, with what is allowed
 */
export function parseSpan(text: string): number {
  const typed = text.trim().toLowerCase();
  return /^\d{1,12}$/.test(typed) ? Number(typed) * SECOND : readDuration(typed);
}

export function isSpan(text: string): boolean {
  try {
    return text.length <= LONGEST && parseSpan(text) > 0;
  } catch {
    return false;
  }
}

/** What to offer while a member types: the reading of what is there, or ways to go on. */
export function suggestExpires(text: string, now: Instant): { name: string; value: string }[] {
  const typed = text.trim();
  const candidates =
    typed === ''
      ? ['1h', '1d', '7d', '30d', '90d', '1y']
      : /^[1-9]\d{0,3}$/.test(typed)
        ? ['h', 'd', 'w', 'mo', 'y'].map((unit) => typed + unit)
        : [typed];
  return candidates.flatMap((value) => {
    try {
      const { expiresAt, capped } = parseExpires(value, now);
      const until = `${preview(expiresAt)}${capped ? ', the latest possible' : ''}`;
      return [{ name: `${shorten(value, 40)}: until ${until}`, value }];
    } catch {
      return [{ name: UNREADABLE, value: shorten(value, LONGEST) }];
    }
  });
}

function readDate(typed: string): Instant {
  const at = Date.parse(`${typed}T00:00:00Z`);
  // Date.parse takes 31 February for 3 March.
  if (Number.isNaN(at) || !new Date(at).toISOString().startsWith(typed)) {
    throw invalid(`There is no such date. ${EXPIRES_HINT}`);
  }
  return at;
}

function readDuration(typed: string): number {
  if (typed.length > LONGEST || !DURATION.test(typed))
    throw invalid(`I cannot read that as a time. ${EXPIRES_HINT}`);
  let total = 0;
  for (const [, count, scale, unit] of typed.matchAll(TERMS)) {
    total += Number(count) * (SCALES[scale ?? ''] ?? 1) * unitMs(unit ?? '');
  }
  return Math.floor(total / SECOND) * SECOND;
}

function unitMs(unit: string): number {
  return UNITS.find(([pattern]) => new RegExp(`^(?:${pattern})$`).test(unit))?.[1] ?? 0;
}

function cap(until: Instant): Expiry {
  return { expiresAt: Math.min(until, LAST_INSTANT), capped: until >= LAST_INSTANT };
}

/** Not by Intl, which takes 11 MB for it. */
function preview(instant: Instant): string {
  const { length } = 'Fri, ';
  return `${new Date(instant).toUTCString().slice(length, -':00 GMT'.length)} UTC`;
}
