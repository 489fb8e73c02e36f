import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { AUDIT_ACTIONS } from '../../../src/core/audit/audit.ts';
import { compileMessage, namesIn } from '../../../src/discord/words/message-format.ts';
import { en } from '../../../src/discord/words/en.ts';
import { createWords, english, type Key } from '../../../src/discord/words/words.ts';

const SOURCE = fileURLToPath(new URL('../../../src', import.meta.url));
const source = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.includes(join('words', 'en')))
  .map((name) => readFileSync(join(SOURCE, name), 'utf8'))
  .join('\n');

/** Where a key is put together: its parts but the last are written out, as in `count.${type}`. */
const prefixes = Array.from(source.matchAll(/`([a-z_.]+\.)\$\{/g), ([, prefix = '']) => prefix);

const messages = Object.entries(en) as [Key, string][];
const language = { pluralOf: () => 'other', finish: (text: string) => text };

/** Each value as long as it may be. */
function longest(text: string, amount: number): Record<string, unknown> {
  return Object.fromEntries(
    Array.from(namesIn(text), (name) => [
      name,
      text.includes(`{${name}, `) ? amount : 'x'.repeat(80),
    ]),
  );
}

describe('the catalogue', () => {
  it.each(messages)('%s is used', (key) => {
    const isWritten = source.includes(`'${key}'`);
    const isBuilt =
      prefixes.some((prefix) => key.startsWith(prefix)) || /^(?:action|group|refusal)\./.test(key);
    expect(isWritten || isBuilt).toBe(true);
  });

  it('has words for each kind of event', () => {
    for (const action of AUDIT_ACTIONS) expect(en).toHaveProperty([`action.${action}`]);
  });

  it.each(messages)('%s leaves no brace, and fits with the longest values', (_, text) => {
    for (const amount of [0, 1, 2, 9_999_999]) {
      const said = compileMessage(text, language)(longest(text, amount));
      expect(said).not.toMatch(/[{}]|undefined/);
      expect(said.length).toBeLessThanOrEqual(2_000);
      expect(said.trim()).toBe(said);
    }
  });

  it('has descriptions and buttons that fit', () => {
    const limits = [
      ['command.', 100],
      ['button.', 80],
    ] as const;
    const tooLong = limits.flatMap(([prefix, most]) =>
      messages.filter(([key, text]) => key.startsWith(prefix) && text.length > most),
    );
    expect(tooLong).toEqual([]);
  });

  it('opens and closes its formatting', () => {
    for (const [key, text] of messages) {
      for (const mark of ['**', '`', '||']) {
        expect([key, (text.split(mark).length - 1) % 2]).toEqual([key, 0]);
      }
    }
  });
});

describe('a message', () => {
  it('counts in whole clauses', () => {
    const said = [1, 2].map((count) => english('count.api', { count }));
    expect(said).toEqual(['1 API token', '2 API tokens']);
    expect(english('revoke.those_done', { count: 0 })).toBe('They had already stopped working.');
  });

  it('makes commands that can be pressed of its own text, and of no value', () => {
    const words = createWords(en, 'en', (name) => `</${name}:7>`);
    expect(words('account.start')).toContain('</token create:7>');
    expect(words('one.renamed', { name: '</token create>' })).toContain('**</token create>**');
  });

  it('lists with an "and"', () => {
    const lists = [[], ['a'], ['a', 'b'], ['a', 'b', 'c'], ['a', 'b', 'c', 'd']];
    expect(lists.map((items) => english.list(items))).toEqual([
      '',
      'a',
      'a and b',
      'a, b and c',
      'a, b, c and d',
    ]);
  });

  it.each(['{', '}', '{}', '{a, plural, one {x}}', '{a, date}', '{a, select, b x}', "'{a"])(
    'that is none is refused: %s',
    (text) => {
      expect(() => compileMessage(text, language)).toThrow(/in the message/);
    },
  );
});
