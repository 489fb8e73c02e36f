import { describe, expect, it } from 'vitest';
import { isStorable, storable, storableIn } from '../../src/core/storable.ts';

const KEPT = ['', 'deploy', 'Größe 🗝 𐐀', 'a\nb\t\u0001', '\uFFFD', 'e\u0301\u200D'];

describe('text that any database keeps', () => {
  it.each(KEPT)('stays as it is: %j', (text) => {
    expect(storable(text)).toBe(text);
    expect(isStorable(text)).toBe(true);
  });

  it.each([
    ['a\0b', 'ab'],
    ['\0\0', ''],
    ['a\uD83Db', 'ab'],
    ['\uDE00a', 'a'],
    ['a\uD83D', 'a'],
    // The halves that are left would be a character that nobody typed.
    ['\uD83D\0\uDDDD', ''],
    ['🗝\uD83D🗝', '🗝🗝'],
  ])('is what is left of %j', (text, left) => {
    expect(isStorable(text)).toBe(false);
    expect(storable(text)).toBe(left);
    expect(isStorable(storable(text))).toBe(true);
  });

  it('is looked for in all of a value, names of members too', () => {
    const bad = { id: '1', 'na\0me': 'a\0', list: ['\uD800', { deep: ['x\0y', null, 1, true] }] };
    expect(isStorable(bad)).toBe(false);
    expect(isStorable({ 'na\0me': 1 })).toBe(false);
    expect(isStorable([['\uD800']])).toBe(false);
    expect(storableIn(bad)).toEqual({
      id: '1',
      name: 'a',
      list: ['', { deep: ['xy', null, 1, true] }],
    });
    const good = { id: '1', list: KEPT, none: null, absent: undefined };
    expect(isStorable(good)).toBe(true);
    expect(storableIn(good)).toEqual(good);
  });

  it('is looked for in what can take over nothing', () => {
    const posing = JSON.parse('{"__proto\\u0000__":{"bot":true},"__proto__":"x\\u0000"}') as object;
    const clean = storableIn(posing) as { bot?: boolean };
    expect(clean.bot).toBeUndefined();
    expect(Object.getPrototypeOf(clean)).toBe(Object.prototype);
  });
});
