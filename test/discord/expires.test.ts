import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/core/errors.ts';
import { LAST_INSTANT } from '../../src/core/session.ts';
import { parseExpires, suggestExpires } from '../../src/discord/expires.ts';
import { DAY, HOUR, SECOND, START } from '../support/fixtures.ts';

const YEAR = 365 * DAY;

function refusal(typed: string): AppError {
  try {
    parseExpires(typed, START);
  } catch (error) {
    if (error instanceof AppError) return error;
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
    ['3600', HOUR],
    ['1', SECOND],
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

  it.each([
    '292 million years',
    '9000y',
    '9223372036854774',
    '5 billion years',
    '9999999999999999 billion years',
  ])('%j is capped, and that is said', (typed) => {
    expect(parseExpires(typed, START)).toEqual({ expiresAt: LAST_INSTANT, capped: true });
  });

  it.each([
    '0',
    '-1',
    '-1h',
    '0h',
    '0.5s',
    '1e99d',
    '1e3',
    'yesterday',
    'tomorrow',
    'never',
    '',
    ' ',
    '7 d x',
    '7 dogs',
    'd',
    '1..5h',
    '1,5h',
    '0x10',
    '+7d',
    '7d;',
    '9223372036854775',
    '99999999999999999999',
    '2026-01-02',
    '2025-12-31',
    '2026-02-29',
    '2027-02-31',
    '2027-13-01',
    '2027-00-10',
    '0000-00-00',
    '2027-1-1',
    '31.01.2027',
    '٧d',
    '7d'.repeat(2_000),
    '1'.repeat(4_000),
    '\u202E7d',
    '@everyone',
  ])('%j is refused, with what is allowed', (typed) => {
    const { code, message } = refusal(typed);
    expect(code).toBe('invalid');
    expect(message).toMatch(/36h|whole number of seconds/);
    expect(message).not.toContain('@everyone');
    expect(message.length).toBeLessThan(600);
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

  it('is read quickly however it was made', () => {
    const began = performance.now();
    for (const typed of [
      '1h '.repeat(33),
      '1'.repeat(100),
      '1h and '.repeat(14),
      ' '.repeat(4_000),
    ]) {
      try {
        parseExpires(`${typed}!`, START);
      } catch {
        // Only the time is of interest.
      }
    }
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

describe('what is offered while a member types', () => {
  it('begins with common lengths', () => {
    const choices = suggestExpires('', START);
    expect(choices.map(({ value }) => value)).toEqual(['1h', '1d', '7d', '30d', '90d', '1y']);
    expect(choices[2]?.name).toBe('7d: until 09 Jan 2026 03:04 UTC');
  });

  it('offers units for a number', () => {
    expect(suggestExpires('12', START).map(({ value }) => value)).toEqual([
      '12h',
      '12d',
      '12w',
      '12mo',
      '12y',
    ]);
  });

  it('previews the instant', () => {
    expect(suggestExpires('2 weeks', START)).toEqual([
      { name: '2 weeks: until 16 Jan 2026 03:04 UTC', value: '2 weeks' },
    ]);
    expect(suggestExpires('292 million years', START)[0]?.name).toMatch(/9999.*latest possible/);
  });

  it('says of the unreadable what can be read', () => {
    expect(suggestExpires('yesterday', START)[0]?.name).toMatch(/Try .*7d/);
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
    const choices = suggestExpires(typed, START);
    expect(choices.length).toBeLessThanOrEqual(25);
    for (const { name, value } of choices) {
      for (const part of [name, value]) {
        expect(part.length).toBeGreaterThanOrEqual(1);
        expect(part.length).toBeLessThanOrEqual(100);
        expect(part.isWellFormed()).toBe(true);
      }
    }
    expect(new Set(choices.map(({ value }) => value)).size).toBe(choices.length);
  });

  it('is what the command then takes', () => {
    for (const typed of ['', '3', '12', '7d']) {
      for (const { value, name } of suggestExpires(typed, START)) {
        const { expiresAt } = parseExpires(value, START);
        expect(name).toContain(String(new Date(expiresAt).getUTCFullYear()));
      }
    }
  });
});
