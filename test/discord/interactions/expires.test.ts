import { english } from '../../../src/discord/words/words.ts';
import { describe, expect, it } from 'vitest';
import { LAST_INSTANT } from '../../../src/core/sessions/session.ts';
import {
  parseExpires,
  parseSpan,
  suggestExpires,
  suggestSpans,
} from '../../../src/discord/interactions/expires.ts';
import { Declined } from '../../../src/discord/render/reply.ts';
import { cpuTime } from '../../support/cpu-time.ts';
import { DAY, HOUR, SECOND, START } from '../../support/fixtures.ts';

const YEAR = 365 * DAY;

const expires = (typed: string) => parseExpires(typed, START);

function refusal(typed: string, read: (typed: string) => unknown = expires): string {
  try {
    read(typed);
  } catch (error) {
    if (error instanceof Declined) return error.say(english) as string;
    throw error;
  }
  throw new Error(`${typed} was read`);
}

describe('an expiry as members type it', () => {
  it.each([
    ['90m', 90 * 60 * SECOND],
    ['1h', HOUR],
    ['36h', 36 * HOUR],
    ['7d', 7 * DAY],
    ['2 weeks', 14 * DAY],
    ['1 week', 7 * DAY],
    ['2w', 14 * DAY],
    ['3mo', 90 * DAY],
    ['3 months', 90 * DAY],
    ['1y', YEAR],
    ['1.5h', 1.5 * HOUR],
    ['1d 12h', 36 * HOUR],
    ['1d12h', 36 * HOUR],
    ['1 day and 12 hours', 36 * HOUR],
    ['1 day, 12 hours', 36 * HOUR],
    ['45s', 45 * SECOND],
    ['30 min', 30 * 60 * SECOND],
    ['  7D ', 7 * DAY],
    ['2 WEEKS', 14 * DAY],
    ['1 thousand days', 1_000 * DAY],
    ['7d, ', 7 * DAY],
    ['2h30m', 2.5 * HOUR],
    ['007d', 7 * DAY],
  ])('%j is a length of time', (typed, ms) => {
    expect(parseExpires(typed, START)).toEqual({ expiresAt: START + ms, capped: false });
  });

  it.each([
    ['2026-01-03', Date.UTC(2026, 0, 3)],
    ['2028-02-29', Date.UTC(2028, 1, 29)],
    ['9999-12-31', Date.UTC(9999, 11, 31)],
  ])('%j is 00:00 UTC of that day', (typed, at) => {
    expect(parseExpires(typed, START)).toEqual({ expiresAt: at, capped: false });
  });

  it.each(['292 million years', '9000y', '5 billion years', '9999999999999999 billion years'])(
    '%j is capped, and that is said',
    (typed) => {
      expect(parseExpires(typed, START)).toEqual({ expiresAt: LAST_INSTANT, capped: true });
    },
  );

  it.each([
    '-1',
    '-1h',
    '1e99d',
    '1e3',
    'yesterday',
    'tomorrow',
    'never',
    '',
    ' ',
    '7 d x',
    '7 dogs',
    '7 constructor',
    '7 thousand',
    'd',
    '1..5h',
    '1,5h',
    '0x10',
    '+7d',
    '7d;',
    '7d and12h',
    '1d 12',
    '2027-1-1',
    '31.01.2027',
    '٧d',
    '7d'.repeat(2_000),
    '1'.repeat(4_000),
    '\u202E7d',
    '@everyone',
  ])('%j is not understood, and it is said what is', (typed) => {
    expect(refusal(typed)).toBe(
      "I don't understand that time. Try `7d`, `36h`, `2 weeks`, `1y` or a date like `2027-01-31`.",
    );
  });

  it.each([
    ['0h', "That's no time at all."],
    ['0 years', "That's no time at all."],
    ['0.5s', "That's no time at all."],
    ['2026-01-02', "That's in the past."],
    ['2025-12-31', "That's in the past."],
    ['2026-02-29', "There's no such date."],
    ['2027-02-31', "There's no such date."],
    ['2027-13-01', "There's no such date."],
    ['2027-00-10', "There's no such date."],
    ['0000-00-00', "There's no such date."],
  ])('%j is refused for what it is', (typed, sentence) => {
    expect(refusal(typed).startsWith(`${sentence} Try \`7d\``)).toBe(true);
  });

  it.each([
    ['7', 'That number has no unit: 7 days? 7 hours? Try'],
    ['1', 'That number has no unit: 1 day? 1 hour? Try'],
    [' 047 ', 'That number has no unit: 47 days? 47 hours? Try'],
    ['48', 'That number has no unit: 48 days? 48 minutes? Try'],
    ['90', 'That number has no unit: 90 days? 90 minutes? Try'],
    ['3600', 'That number has no unit: 3600 days? 3600 weeks? Try'],
    ['86400', 'That number has no unit.'],
    ['1.5', 'That number has no unit.'],
    ['0', 'That number has no unit.'],
    ['9223372036854775', 'That number has no unit.'],
    ['99999999999999999999', 'That number has no unit.'],
  ])('the bare number %j is refused with what it may have meant', (typed, sentence) => {
    for (const read of [expires, parseSpan]) {
      expect(refusal(typed, read).startsWith(sentence)).toBe(true);
    }
  });

  it('never lies in the past or beyond the last instant, and is a whole second after now', () => {
    for (let round = 0; round < 300; round += 1) {
      const amount = (round * 7919) % 5_000;
      for (const unit of ['s', 'm', 'h', 'd', 'w', 'mo', 'y', ' million years']) {
        if (amount === 0) continue;
        const { expiresAt } = parseExpires(`${amount}${unit}`, START);
        expect(expiresAt).toBeGreaterThan(START);
        expect(expiresAt).toBeLessThanOrEqual(LAST_INSTANT);
        expect((expiresAt - START) % SECOND).toBe(0);
      }
    }
  });

  it.each([
    '1  s'.repeat(16) + '!',
    '1 s'.repeat(28) + '!',
    '1  s'.repeat(24) + '!',
    '1 s '.repeat(24) + '!',
    '1s'.repeat(49) + '!',
    '1 thousand s'.repeat(8) + '!',
    '1s and '.repeat(14) + '!',
    `1${' '.repeat(98)}!`,
    `1s${' '.repeat(97)}!`,
    `1s${','.repeat(97)}!`,
    `${'1'.repeat(99)}!`,
    `1${'s'.repeat(98)}!`,
    '1.1 mo, '.repeat(12) + '!',
    '1h '.repeat(33),
    '1  s'.repeat(1_500),
    '1'.repeat(6_000),
    ' '.repeat(6_000),
    'a'.repeat(6_000),
  ])('%j is read or refused in no time', (typed) => {
    const took = cpuTime(() => {
      suggestExpires(english, typed, START);
      suggestSpans(english, typed);
      for (const read of [expires, parseSpan]) {
        try {
          read(typed);
        } catch {
          // Only the time is of interest.
        }
      }
    });
    expect(took).toBeLessThan(20);
  });
});

describe('a span of time', () => {
  it.each([
    ['90d', 90 * DAY],
    ['0s', 0],
    ['2 weeks', 14 * DAY],
  ])('%j is a length of time', (typed, ms) => {
    expect(parseSpan(typed)).toBe(ms);
  });

  it.each(['2027-01-31', 'soon', ''])('%j is none, and no date is asked for', (typed) => {
    expect(refusal(typed, parseSpan)).toBe(
      "I don't understand that time. Try `90m`, `36h`, `7d`, `2 weeks`, `3mo` or `1y`.",
    );
  });
});

const names = (typed: string) => suggestExpires(english, typed, START).map(({ name }) => name);
const values = (typed: string) => suggestExpires(english, typed, START).map(({ value }) => value);
const spans = (typed: string) => suggestSpans(english, typed).map(({ name }) => name);

describe('what is offered while a member types', () => {
  it('begins with common lengths, with the hour only where it is near', () => {
    expect(values('')).toEqual(['1 hour', '1 day', '7 days', '30 days', '90 days', '1 year']);
    expect(names(' ')).toEqual([
      '1 hour (2 Jan 2026, 04:04 UTC)',
      '1 day (3 Jan 2026, 03:04 UTC)',
      '7 days (9 Jan 2026)',
      '30 days (1 Feb 2026)',
      '90 days (2 Apr 2026)',
      '1 year (2 Jan 2027)',
    ]);
  });

  it('offers units for a number, those below a day only below two days', () => {
    expect(values('12')).toEqual(['12 days', '12 hours', '12 weeks', '12 months', '12 years']);
    expect(values('48')).toEqual(expect.arrayContaining(['48 minutes', '48 days']));
    expect(values('2880')).toEqual(['2880 days', '2880 weeks', '2880 months', '2880 years']);
    expect(names('12')[0]).toBe('12 days (14 Jan 2026)');
  });

  it('says what a number without a unit lacks, where no unit is likely', () => {
    for (const typed of ['0', '86400', '1.5', '9'.repeat(100)]) {
      expect(names(typed)[0]).toMatch(/^That number has no unit\. Try 7d, 36h, 2 weeks, 1y or /);
    }
  });

  it('previews the instant', () => {
    expect(suggestExpires(english, '2 weeks', START)).toEqual([
      { name: '2 weeks (16 Jan 2026)', value: '2 weeks' },
    ]);
    expect(names('2027-01-31')).toEqual(['2027-01-31 (31 Jan 2027)']);
    expect(names('292 million years')).toEqual([
      '292 million years (31 Dec 9999, the latest there is)',
    ]);
  });

  it('says of what cannot be taken why, and what can', () => {
    const rest = 'Try 7d, 36h, 2 weeks, 1y or 2027-01-31';
    expect(names('banana')).toEqual([`I don't understand that time. ${rest}`]);
    expect(names('2020-01-01')).toEqual([`That's in the past. ${rest}`]);
    expect(names('2027-02-30')).toEqual([`There's no such date. ${rest}`]);
    expect(names('0h')).toEqual([`That's no time at all. ${rest}`]);
  });

  it('of a span is a length of time only', () => {
    expect(suggestSpans(english, '').map(({ value }) => value)).toEqual([
      '1 day',
      '7 days',
      '30 days',
      '90 days',
      '1 year',
    ]);
    expect(spans('')[1]).toBe('the last 7 days');
    expect(spans('2 weeks')).toEqual(['the last 2 weeks']);
    expect(spans('12')).toEqual([
      'the last 12 days',
      'the last 12 hours',
      'the last 12 weeks',
      'the last 12 months',
      'the last 12 years',
    ]);
    expect(spans('2027-01-31')).toEqual([
      "I don't understand that time. Try 7d, 36h, 2 weeks or 1y",
    ]);
  });

  it.each([
    '',
    '0',
    '12',
    'x',
    '1'.repeat(4_000),
    'é'.repeat(200),
    '🗝'.repeat(100),
    '7d '.repeat(40),
  ])('fits into what Discord takes for %j', (typed) => {
    for (const choices of [suggestExpires(english, typed, START), suggestSpans(english, typed)]) {
      expect(choices.length).toBeLessThanOrEqual(25);
      for (const { name, value } of choices) {
        for (const part of [name, value]) {
          expect(part.length).toBeGreaterThanOrEqual(1);
          expect(part.length).toBeLessThanOrEqual(100);
          expect(part.isWellFormed()).toBe(true);
        }
      }
      expect(new Set(choices.map(({ value }) => value)).size).toBe(choices.length);
    }
  });

  it('is what the command then takes', () => {
    for (const typed of ['', '3', '12', '90', '7d']) {
      for (const { value, name } of suggestExpires(english, typed, START)) {
        const { expiresAt } = parseExpires(value, START);
        expect(name).toContain(String(new Date(expiresAt).getUTCFullYear()));
      }
      for (const { value } of suggestSpans(english, typed))
        expect(parseSpan(value)).toBeGreaterThan(0);
    }
  });
});
