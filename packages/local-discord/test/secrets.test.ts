import { describe, expect, it } from 'vitest';
import { createDivide } from '../src/secrets.ts';

const divide = createDivide(['a.b'], 'lk_[0-9a-z]{8}');
const TOKEN = 'lk_12345678';

describe('a text with secrets', () => {
  it('is divided where one begins and ends', () => {
    expect(divide(`${TOKEN} and a.b, not axb`)).toEqual([
      { text: TOKEN, isSecret: true },
      { text: ' and ', isSecret: false },
      { text: 'a.b', isSecret: true },
      { text: ', not axb', isSecret: false },
    ]);
    expect(divide('')).toEqual([]);
  });

  it.each(Array.from({ length: 13 }, (_, index) => index))(
    'shows no part of one that begins %i characters before the cut',
    (before) => {
      const pieces = divide(`${'-'.repeat(4000 - before)}${TOKEN}${'-'.repeat(100)}`);
      const shown = pieces.map(({ text }) => text).join('');
      expect(shown.length).toBeLessThanOrEqual(4000);
      const open = pieces.filter(({ isSecret }) => !isSecret).map(({ text }) => text);
      expect(open.join('')).not.toContain('lk');
      expect(shown.includes('lk')).toBe(before >= TOKEN.length);
    },
  );
});
