import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/core/errors.ts';
import {
  expiryAfter,
  expiryLike,
  isLive,
  LAST_INSTANT,
} from '../../../src/core/sessions/session.ts';
import { parseName } from '../../../src/core/tokens/token-name.ts';
import { DAY, newSession, START } from '../../support/fixtures.ts';

function refusal(attempt: () => unknown): AppError {
  try {
    attempt();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('it was allowed');
}

describe('an expiry in seconds', () => {
  it('counts from now', () => {
    expect(expiryAfter(START, 1)).toBe(START + 1_000);
    expect(expiryAfter(START, 86_400)).toBe(START + DAY);
  });

  it('is capped at the last instant of the year 9999', () => {
    expect(new Date(LAST_INSTANT).toISOString()).toBe('9999-12-31T23:59:59.000Z');
    const left = (LAST_INSTANT - START) / 1_000;
    expect(expiryAfter(START, left - 1)).toBe(LAST_INSTANT - 1_000);
    expect(expiryAfter(START, left)).toBe(LAST_INSTANT);
    expect(expiryAfter(START, left + 1)).toBe(LAST_INSTANT);
  });

  it.each(['9223372036854773', '9223372036854774', '1000000000000000'])('may be %s', (seconds) => {
    expect(expiryAfter(START, Number(seconds))).toBe(LAST_INSTANT);
  });

  it.each([0, -0, -1, 0.5, 1.000_1, Number('9223372036854775'), 1e99, NaN, Infinity, -Infinity])(
    'may not be %d',
    (seconds) => {
      expect(refusal(() => expiryAfter(START, seconds)).refusal).toEqual({
        code: 'invalid',
        reason: 'expiry',
      });
    },
  );
});

describe('a session', () => {
  const { session } = newSession();

  it('is live exactly while now is before its expiry', () => {
    expect(isLive(session, session.expiresAt - 1)).toBe(true);
    expect(isLive(session, session.expiresAt)).toBe(false);
  });

  it('is not live once it was ended', () => {
    const ended = { at: START, by: null, reason: 'revoked' } as const;
    expect(isLive({ ...session, ended }, START)).toBe(false);
  });

  it('hands its lifetime on, counted from the rotation', () => {
    expect(expiryLike(session, START + 5 * DAY)).toBe(START + 6 * DAY);
  });

  it('that lives until the last instant is followed by one that does', () => {
    const forever = { ...session, expiresAt: LAST_INSTANT };
    expect(expiryLike(forever, START + DAY)).toBe(LAST_INSTANT);
    // Also where the machine's clock was set back.
    expect(expiryLike(forever, START - DAY)).toBe(LAST_INSTANT);
    const nearly = { ...session, expiresAt: LAST_INSTANT - 1 };
    expect(expiryLike(nearly, START + DAY)).toBe(LAST_INSTANT);
  });
});

describe('a name', () => {
  it.each([
    ['deploy', 'deploy'],
    ['  deploy robot\t', 'deploy robot'],
    ['x', 'x'],
    ['é'.repeat(80), 'é'.repeat(80)],
    ['🗝'.repeat(80), '🗝'.repeat(80)],
    ['@everyone', '@everyone'],
    ['<@&1>', '<@&1>'],
    ['```sh', '```sh'],
    ['[x](http://evil)', '[x](http://evil)'],
    ['日本語', '日本語'],
    ['عربي', 'عربي'],
    ['👩‍👩‍👧', '👩‍👩‍👧'],
    ['🏴󠁧󠁢󠁥󠁮󠁧󠁿', '🏴󠁧󠁢󠁥󠁮󠁧󠁿'],
    ["Robert'); DROP TABLE sessions;--", "Robert'); DROP TABLE sessions;--"],
  ])('may be %j', (typed, name) => {
    expect(parseName(typed)).toBe(name);
  });

  it.each([
    ['nothing', ''],
    ['spaces only', '  \t '],
    ['an invisible character only', '\u200D'],
    ['a blank that is a letter to nobody', '\u2060'],
    ['81 characters', 'x'.repeat(81)],
    ['4,000 characters', 'x'.repeat(4_000)],
    ['81 emoji', '🗝'.repeat(81)],
    ['a line break', 'a\nb'],
    ['a carriage return', 'a\rb'],
    ['a null character', 'a\0b'],
    ['an escape character', 'a\u001B[31mb'],
    ['a delete character', 'a\u007Fb'],
    ['a C1 control character', 'a\u0085b'],
    ['a right-to-left override', 'gpj.\u202Eexe'],
    ['a left-to-right override', 'a\u202Db'],
    ['an embedding', 'a\u202Ab'],
    ['a pop of directional formatting', 'a\u202Cb'],
    ['an isolate', 'a\u2066b'],
    ['a pop of a directional isolate', 'a\u2069b'],
    ['a left-to-right mark', 'a\u200Eb'],
    ['a right-to-left mark', 'a\u200Fb'],
    ['an Arabic letter mark', 'a\u061Cb'],
    ['a zero-width space', 'a\u200Bb'],
    ['a byte order mark inside', 'a\uFEFFb'],
    ['a soft hyphen', 'a\u00ADb'],
    ['a line separator', 'a\u2028b'],
    ['a paragraph separator', 'a\u2029b'],
    ['half of a surrogate pair', 'a\uD83Db'],
  ])('may not be or have %s', (_, typed) => {
    expect(refusal(() => parseName(typed)).refusal).toMatchObject({
      code: 'invalid',
      reason: expect.stringMatching(/^name_(missing|unprintable|too_long)$/) as string,
    });
  });

  it.each([
    ['Vietnamese', 'Đà Nẵng, Huế'],
    ['Thai', 'เก้าอี้ที่นี่'],
    ['Hebrew with points and accents', 'בְּרֵאשִׁ֖ית בָּרָ֣א'],
    ['the most that Hebrew has on a letter', 'שּֽׁ֑\u05B8'],
    ['Arabic with vowels', 'مُحَمَّدٌ'],
    ['Devanagari', 'क्षत्रिय ज्ञानियों की'],
    ['Tibetan', 'བསྒྲུབས'],
    ['Burmese', 'မြန်မာ့ကျွန်ုပ်'],
    ['Khmer', 'ខ្មែរ'],
    ['Tamil', 'ஸ்ரீ'],
    ['emoji in parts', '1️⃣ 👁️‍🗨️ ❤️‍🔥 👩🏽‍🚀'],
  ])('may be in %s, however it is encoded', (_, typed) => {
    for (const form of [typed, typed.normalize('NFD'), typed.normalize('NFC')]) {
      expect(parseName(form)).toBe(form);
    }
  });

  it.each([
    ['of one kind', `a${'\u0301'.repeat(79)}`],
    ['of one kind, just too many', `a\u0328${'\u0301'.repeat(6)}`],
    ['of many kinds', 'Z\u0335\u031B\u0316\u0317\u0318\u0319algo'],
    ['that enclose', `a${'\u20DD'.repeat(6)}`],
    ['with joiners in between', `a${'\u0335\u200D'.repeat(3)}\u200C`],
  ])('may not have more than five marks on a letter, %s', (_, typed) => {
    const refused = { code: 'invalid', reason: 'name_marks', max: 5 };
    expect(refusal(() => parseName(typed)).refusal).toEqual(refused);
  });

  it('that is refused is not repeated in the answer', () => {
    expect(refusal(() => parseName(`@everyone${'x'.repeat(80)}`)).message).not.toContain('@');
  });

  it('that is too long is refused with how long it is and how long it may be', () => {
    const refused = { code: 'invalid', reason: 'name_too_long', length: 81, max: 80 };
    expect(refusal(() => parseName('x'.repeat(81))).refusal).toEqual(refused);
  });
});
