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

/** The keys that stand in the source where `pattern` has a group. */
const keysBy = (...patterns: readonly RegExp[]): readonly string[] =>
  patterns.flatMap((pattern) => Array.from(source.matchAll(pattern), ([, key = '']) => key));

const withPrefix = (...all: readonly string[]): readonly string[] =>
  messages.flatMap(([key]) => (all.some((prefix) => key.startsWith(prefix)) ? [key] : []));

interface Place {
  readonly most: number;
  readonly keys: readonly string[];
}

/** Where a text has less room than in a message, by Discord's documentation. */
const PLACES: Readonly<Record<string, Place>> = {
  button: {
    most: 80,
    keys: [
      ...withPrefix('button.', 'notices.turn_'),
      ...keysBy(
        /[bB]utton\(\s*(?:context, )?words\(\s*'([^']+)'/g,
        /notMe\([\w, .]+words\('([^']+)'/g,
      ),
    ],
  },
  'title of a modal': { most: 45, keys: keysBy(/modal\(\s*words\('([^']+)'/g) },
  'label in a modal': {
    most: 45,
    keys: [...keysBy(/\blabel: words\('([^']+)'/g, /choiceField\(\s*words\('([^']+)'/g)],
  },
  'placeholder of a menu': { most: 150, keys: keysBy(/select\([^;]+?\),\s*words\('([^']+)'/g) },
  'description or choice of a command': {
    most: 100,
    keys: withPrefix('command.', 'grace.', 'kinds.'),
  },
  'name of a command in a menu': { most: 32, keys: ['command.report', 'command.look_up'] },
  'choice while one types': {
    most: 100,
    keys: withPrefix(
      'session.choice',
      'choice.',
      'kind_of.',
      'action.',
      'group.',
      'time.span.',
      'time.preview',
      'time.last',
      'time.latest',
      'time.day',
      'time.minute',
      'time.try.plain',
      'time.try_span.plain',
    ),
  },
};

/** What has no bound of its own: a name of 80 characters, each of which needs a backslash. */
const NAME = String.raw`\*`.repeat(80);
const MEMBER = `<@${'9'.repeat(20)}> (${String.raw`\_`.repeat(32)})`;
const SESSION = `**${NAME}** \`…Zz09\``;
const INSTANT = '<t:253402300799:D> (<t:253402300799:R>)';
const CHOICE = 'x'.repeat(40);
const REASON = String.raw`\*`.repeat(300);

/** Each value as long as it may be, by its name; NAME where none is told. */
const LONGEST: Readonly<Record<string, string>> = {
  session: SESSION,
  row: `${SESSION}\n-# ${INSTANT} · ${INSTANT}`,
  member: MEMBER,
  owner: MEMBER,
  actor: MEMBER,
  by: MEMBER,
  whom: MEMBER,
  when: INSTANT,
  until: INSTANT,
  created: INSTANT,
  relative: INSTANT,
  time: INSTANT,
  hint: 'Zz09',
  hints: '`…Zz09`, '.repeat(50),
  id: '9'.repeat(20),
  reference: '9'.repeat(20),
  reason: REASON,
  sentence: `${MEMBER} ${REASON}`,
  why: 'x'.repeat(300),
  typed: String.raw`\*`.repeat(50),
  url: `https://${'x'.repeat(250)}`,
  channel: `<#${'9'.repeat(20)}>`,
  command: '/admin sessions',
};

/** The same in a line that is picked: nothing is formatted there, and names are cut. */
const LONGEST_CHOSEN: Readonly<Record<string, string>> = {
  name: 'x'.repeat(48),
  hint: 'Zz09',
  use: english('session.unused'),
  kind: english('kind.app_login'),
  group: english('group.token'),
  span: CHOICE,
  count: '9999999',
  when: english('time.latest'),
  likeliest: '9999 months',
  next: '9999 months',
  date: '30 Sep 9999',
  relative: INSTANT,
  time: '23:59',
  day: '30',
  year: '9999',
};

function longest(
  text: string,
  amount: number,
  values: Readonly<Record<string, string>> = LONGEST,
): Record<string, unknown> {
  return Object.fromEntries(
    Array.from(namesIn(text), (name) => [
      name,
      text.includes(`{${name}, plural`) ? amount : (values[name] ?? NAME),
    ]),
  );
}

/** Every form that a message takes with the longest values. */
const formsOf = (text: string, values?: Readonly<Record<string, string>>): readonly string[] =>
  [0, 1, 2, 9_999_999].map((amount) =>
    compileMessage(text, { ...language, pluralOf: (count) => (count === 1 ? 'one' : 'other') })(
      longest(text, amount, values),
    ),
  );

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
    for (const said of formsOf(text)) {
      expect(said).not.toMatch(/[{}]|undefined/);
      expect(said.length).toBeLessThanOrEqual(2_000);
      expect(said.trim()).toBe(said);
    }
  });

  describe.each(Object.entries(PLACES))('for each %s', (_, { most, keys }) => {
    it('has words', () => {
      expect(keys).not.toEqual([]);
      for (const key of keys) expect(en).toHaveProperty([key]);
    });

    it.each([...new Set(keys)])('fits with the longest values: %s', (key) => {
      for (const said of formsOf(en[key as Key], LONGEST_CHOSEN)) {
        expect(said).not.toBe('');
        expect(said.length).toBeLessThanOrEqual(most);
        // Discord formats nothing there.
        expect(said).not.toMatch(/\*\*|<[t/#@]|\n/);
      }
    });
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
