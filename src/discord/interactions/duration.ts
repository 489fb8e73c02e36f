const SECOND = 1000;
const DAY = 86_400 * SECOND;

// A month is 30 days and a year is 365: what was asked for is echoed as an instant in any case.
const UNITS: ReadonlyMap<string, number> = new Map([
  ...['s', 'sec', 'secs', 'second', 'seconds'].map((word) => [word, SECOND] as const),
  ...['m', 'min', 'mins', 'minute', 'minutes'].map((word) => [word, 60 * SECOND] as const),
  ...['h', 'hr', 'hrs', 'hour', 'hours'].map((word) => [word, 3600 * SECOND] as const),
  ...['d', 'day', 'days'].map((word) => [word, DAY] as const),
  ...['w', 'wk', 'wks', 'week', 'weeks'].map((word) => [word, 7 * DAY] as const),
  ...['mo', 'month', 'months'].map((word) => [word, 30 * DAY] as const),
  ...['y', 'yr', 'yrs', 'year', 'years'].map((word) => [word, 365 * DAY] as const),
]);

export type Unit = 'minute' | 'hour' | 'day' | 'week' | 'month' | 'year';

const SCALES: ReadonlyMap<string, number> = new Map([
  ['thousand', 1e3],
  ['million', 1e6],
  ['billion', 1e9],
]);

// Nothing in it can be read in two ways, so it takes no longer than the text is long.
const TERM =
  /(\d{1,16}(?:\.\d{1,6})?)\s*(?:(thousand|million|billion)\s*)?([a-z]+)[\s,]*(?:and\s+)?/gy;

/** `90m`, `2 weeks`, `1 day and 12 hours`: whole seconds, in milliseconds; null if it is not a duration. */
export function readDuration(text: string): number | null {
  let total = 0;
  let read = 0;
  for (const [term, amount, scale = '', word = ''] of text.matchAll(TERM)) {
    const unit = UNITS.get(word);
    if (unit === undefined) return null;
    total += Number(amount) * (SCALES.get(scale) ?? 1) * unit;
    read += term.length;
  }
  if (read === 0 || read < text.length) return null;
  return Math.floor(total / SECOND) * SECOND;
}

/**
 * The units that a number without one may have been of, the likeliest first: of those below a day only the
 * largest with which it stays below two days.
 */
export function likelyUnits(amount: number): readonly Unit[] {
  const below = (['hour', 'minute'] as const).filter(
    (name) => amount * (UNITS.get(name) ?? 0) < 2 * DAY,
  );
  return ['day', ...below.slice(0, 1), 'week', 'month', 'year'];
}
