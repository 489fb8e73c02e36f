import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseAst } from 'vitest/node';
import { cpuTime } from '../support/cpu-time.ts';

/** How long a text can be when it gets to a pattern. */
const LONGEST = {
  /** What Discord lets anyone type into an option; an option of ours may ask for less. */
  option: 6_000,
  /** All that can be read in a message, with its embeds and what it forwards. */
  message: 100_000,
  /** Node takes headers, with the address, of 16 KB together. */
  head: 16_384,
  /** A body over HTTP. */
  body: 16_384,
  /** A line of the log. */
  line: 100_000,
  /** What the operator wrote, or a name of a file. */
  operator: 10_000,
  /** What we or a library of ours made: ids, codes, times. */
  own: 1_000,
} as const;

interface Entry {
  readonly pattern: RegExp;
  /** From where the longest text comes. */
  readonly from: keyof typeof LONGEST;
  /** What nearly matches it: a beginning, and what is repeated up to the longest length. */
  readonly hostile: readonly (readonly [beginning: string, repeated: string])[];
}

const B62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklm';

/** Every pattern in `src`. Whoever adds to it says from where the longest text comes. */
const INVENTORY: readonly Entry[] = [
  // words: the catalogue's own text
  {
    pattern: /<\/([a-z -]{1,60})>/g,
    from: 'own',
    hostile: [
      ['', '</'],
      ['</', 'a'],
      ['', '</a'],
    ],
  },
  // The id of whom an event is about
  { pattern: /^\d{1,20}$/, from: 'own', hostile: [['', '1']] },
  // migrate.ts: a migration of ours
  {
    pattern: /^-- readable from (\d{4})$/m,
    from: 'own',
    hostile: [
      ['', '-- readable from '],
      ['-- readable from ', '1'],
    ],
  },
  // config.ts
  { pattern: /^\d+$/, from: 'operator', hostile: [['', '1']] },
  { pattern: /^https?$/, from: 'operator', hostile: [['http', 's']] },
  { pattern: /(?<!\/)\/+$/, from: 'operator', hostile: [['http://a', '/']] },
  { pattern: /^file:(.+)$/, from: 'operator', hostile: [['file:', 'a']] },
  { pattern: /^postgres(?:ql)?:\/\//, from: 'operator', hostile: [['postgresql:', '/']] },
  { pattern: /^(\d+)([mhd])$/, from: 'operator', hostile: [['', '1']] },
  // policy-file.ts
  { pattern: /^[a-z0-9][a-z0-9_-]{0,39}$/, from: 'operator', hostile: [['', 'a']] },
  { pattern: /^[1-9]\d{0,5}[mhdy]$/, from: 'operator', hostile: [['', '1']] },
  { pattern: /^[A-Za-z0-9][A-Za-z0-9:._/-]{0,39}$/, from: 'head', hostile: [['', 'a']] },
  {
    pattern: /^(?!javascript:|data:)[a-z][a-z0-9+.-]*:[!-~]+$/i,
    from: 'operator',
    hostile: [
      ['', 'a'],
      ['a:', ':'],
      ['', 'a:'],
    ],
  },
  { pattern: /[#*]/, from: 'operator', hostile: [['', 'a']] },
  { pattern: /^\d{17,20}$/, from: 'operator', hostile: [['', '1']] },
  { pattern: /^[!-~]{16,}$/, from: 'operator', hostile: [['', '!']] },
  { pattern: /^\d*$/, from: 'operator', hostile: [['', '1']] },
  { pattern: /[?#]/, from: 'operator', hostile: [['', 'a']] },
  // http, and what OAuth asks for
  {
    pattern: /[^ !#-[\]-~]+/g,
    from: 'body',
    hostile: [
      ['', 'é'],
      ['', 'aé'],
    ],
  },
  { pattern: /^[A-Za-z0-9._~-]{16,128}$/, from: 'body', hostile: [['', 'a']] },
  {
    pattern: /^basic(?: +|$)/i,
    from: 'head',
    hostile: [
      ['basic', ' '],
      ['', 'basic'],
    ],
  },
  {
    pattern: /^https?:\/\/[^/]*/i,
    from: 'head',
    hostile: [
      ['http://', 'a'],
      ['', 'http://'],
    ],
  },
  // core
  { pattern: /^[A-Za-z0-9._~-]{43,128}$/, from: 'body', hostile: [['', 'a']] },
  { pattern: /^[A-Za-z0-9_-]{43}$/, from: 'head', hostile: [['', 'a']] },
  { pattern: /^\d{15,20}$/, from: 'own', hostile: [['', '1']] },
  {
    pattern:
      /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u2800]|(?!\u200C|\u200D|[\uFE00-\uFE0F])[\p{Cf}\p{Default_Ignorable_Code_Point}]/u,
    from: 'body',
    hostile: [
      ['', '\u200D'],
      ['', '\uFE0F'],
      ['', '👩\u200D'],
    ],
  },
  {
    pattern: /\u{1F3F4}[\u{E0020}-\u{E007F}]+/gu,
    from: 'body',
    hostile: [
      ['\u{1F3F4}', '\u{E0020}'],
      ['', '\u{1F3F4}'],
    ],
  },
  {
    pattern: /[\p{Mn}\p{Me}\u200C\u200D]{6}/u,
    from: 'body',
    hostile: [['', 'a\u0335\u0335\u0335\u0335\u0335']],
  },
  { pattern: /[\p{L}\p{N}\p{P}\p{S}]/u, from: 'body', hostile: [['', '\u0301']] },
  { pattern: /^[0-9A-Za-z]{1,16}$/, from: 'operator', hostile: [['', 'a']] },
  {
    pattern: /[0-9A-Za-z]{1,16}_(?:login|app|api)_[0-9A-Za-z]{49}/g,
    from: 'message',
    hostile: [
      ['', 'a'],
      ['', 'a_'],
      ['', 'lk_api_'],
      ['', `lk_api_${B62.slice(1)}_`],
      ['', `lk_api_${B62}`],
    ],
  },
  {
    pattern: /(?=([0-9A-Za-z]{1,16}_(?:login|app|api)_[0-9A-Za-z]{49}))/g,
    from: 'message',
    hostile: [
      ['', 'a'],
      ['', 'a_'],
      ['', 'lk_api_'],
      ['', `lk_api_${B62.slice(1)}_`],
      ['', `lk_api_${B62}`],
    ],
  },
  {
    pattern: /[\p{Cf}\\*|~`]/gu,
    from: 'message',
    hostile: [
      ['', '*'],
      ['', '\u200B'],
    ],
  },
  {
    pattern: /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i,
    from: 'head',
    hostile: [
      ['', 'a'],
      ['aaaaaaaa', '-aaaa'],
    ],
  },
  { pattern: /\p{Cs}/gu, from: 'option', hostile: [['', '\uD800']] },
  { pattern: /^\.+/, from: 'option', hostile: [['', '.']] },
  {
    pattern: /[\p{M}&&\p{Diacritic}]|\p{Default_Ignorable_Code_Point}/gv,
    from: 'option',
    hostile: [
      ['', '\u0301'],
      ['', '\u200B'],
    ],
  },
  { pattern: /\s+/g, from: 'option', hostile: [['', '\u3000']] },
  { pattern: /[\p{L}\p{M}\p{N}]$/u, from: 'option', hostile: [['', '\u0301']] },
  // discord
  { pattern: /^[\da-z]{1,11}$/, from: 'own', hostile: [['', '0']] },
  { pattern: /^[=+\-@\t\r]/, from: 'body', hostile: [['', '=']] },
  {
    pattern:
      /(\d{1,16}(?:\.\d{1,6})?)\s*(?:(thousand|million|billion)\s*)?([a-z]+)[\s,]*(?:and\s+)?/gy,
    from: 'option',
    hostile: [
      ['', '1  s'],
      ['', '1 s'],
      ['', '1s '],
      ['', '1 thousand s and '],
      ['1', 's'],
      ['1 thousand', ' '],
      ['1s', ','],
      ['1s and', ' '],
      ['', '1.1'],
    ],
  },
  { pattern: /^\d{4}-\d{2}-\d{2}$/, from: 'option', hostile: [['2027-01-31', '1']] },
  {
    pattern: /^\d+(?:\.\d+)?$/,
    from: 'option',
    hostile: [
      ['', '1'],
      ['1.', '1'],
      ['', '1.'],
    ],
  },
  { pattern: /^\d{1,4}$/, from: 'option', hostile: [['', '1']] },
  {
    pattern: /[!-/:-@[-`{-~]/g,
    from: 'message',
    hostile: [
      ['', '*'],
      ['', '\\'],
    ],
  },
  // http
  { pattern: /^(?:bearer|user) +/i, from: 'head', hostile: [['bearer', ' ']] },
  {
    pattern: /^::ffff:(?=\d+\.)/i,
    from: 'head',
    hostile: [
      ['::ffff:', '1'],
      ['', '::ffff:'],
    ],
  },
  {
    pattern: /%([0-7][0-9a-f])/gi,
    from: 'head',
    hostile: [
      ['', '%'],
      ['', '%7'],
      ['', '%41'],
    ],
  },
  {
    pattern: /[?&](?:access_)?token=/i,
    from: 'head',
    hostile: [
      ['', '?'],
      ['', '?access_token'],
      ['', '&token'],
    ],
  },
  { pattern: /^[0-9A-Za-z-]{1,64}$/, from: 'head', hostile: [['', 'a']] },
  {
    pattern: /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]{2}$/,
    from: 'head',
    hostile: [
      ['', '0'],
      ['00-', '1'],
      [`00-${'1'.repeat(32)}-`, '1'],
      [`00-${'1'.repeat(32)}-${'1'.repeat(16)}-00`, '1'],
    ],
  },
  { pattern: /Z$/, from: 'own', hostile: [['', 'Z']] },
  { pattern: /^\d{1,3}$/, from: 'head', hostile: [['', '1']] },
  // log.ts
  {
    pattern: /(?:_|%(?:25)*5F)(?:login|app|api)(?:_|%(?:25)*5F)[0-9A-Za-z]{49}/gi,
    from: 'line',
    hostile: [
      ['%', '25'],
      ['', '%25'],
      ['', '_api_'],
      ['', '_api%25255F'],
      ['', `_api_${B62.slice(1)}`],
    ],
  },
  {
    pattern:
      /(?<=(?:interactions|webhooks)(?:\/|%(?:25)*2F)\d{1,20}(?:\/|%(?:25)*2F))[^/?"\s\\]+/gi,
    from: 'line',
    hostile: [
      ['/webhooks/', '1'],
      ['', '/webhooks/1'],
      ['', '/interactions/1/'],
      ['/webhooks/1/', 'a'],
      ['/webhooks/1%', '25'],
      ['', '1%25252F'],
    ],
  },
  {
    pattern: /%[\dA-F]{2}/g,
    from: 'operator',
    hostile: [
      ['', '%'],
      ['', '%2F'],
    ],
  },
  {
    pattern: /^--env-file(?:-if-exists)?(?:=(.*))?$/,
    from: 'operator',
    hostile: [['--env-file=', 'a']],
  },
  // store
  {
    pattern: /-(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z\.db$/,
    from: 'operator',
    hostile: [
      ['', '-20261122T100000Z.db'],
      ['', '-2026'],
    ],
  },
  { pattern: /[-:]|\.\d+/g, from: 'own', hostile: [['', '.1']] },
  {
    pattern: /\.(\d+)\.latchkey-partial(-journal)?$/,
    from: 'operator',
    hostile: [
      ['.', '1'],
      ['', '.1.latchkey-partial'],
    ],
  },
  { pattern: /^SQLITE_(CORRUPT|NOTADB)/, from: 'own', hostile: [['', 'SQLITE_CORRUPT']] },
  {
    pattern: /^SQLITE_(FULL|BUSY|LOCKED|READONLY|IOERR|CANTOPEN|PERM)/,
    from: 'own',
    hostile: [['', 'SQLITE_']],
  },
  {
    pattern: /^(SQLITE_FULL|SQLITE_IOERR_SHMSIZE|ENOSPC|EDQUOT)$/,
    from: 'own',
    hostile: [['', 'SQLITE_FULL']],
  },
  { pattern: /^SQLITE_(ERROR|CONSTRAINT)/, from: 'own', hostile: [['', 'SQLITE_ERROR']] },
  { pattern: /^SQLITE_(NOTADB|CORRUPT)/, from: 'own', hostile: [['', 'SQLITE_NOTADB']] },
  { pattern: /^[0-9A-Z]{5}$/, from: 'own', hostile: [['', '0']] },
  {
    pattern: /^(0A|2[0-4]|26|2[BDF]|34|42(?!501)|P0|XX)/,
    from: 'own',
    hostile: [['', '42501']],
  },
  { pattern: /^(23505|42P07|42710|40001|40P01)$/, from: 'own', hostile: [['', '40P01']] },
  { pattern: /^(2[23]|40|42|53|55|57014)/, from: 'own', hostile: [['', '5701']] },
  { pattern: /^40(001|P01)$/, from: 'own', hostile: [['', '40P0']] },
  { pattern: /CERT|SIGNATURE/, from: 'own', hostile: [['', 'SIGNATUR']] },
  { pattern: /^(localhost|127\.|\[?::1\]?$)/, from: 'operator', hostile: [['', '[::1']] },
];

/** What every pattern is given besides. */
const ANYTHING = [
  ' ',
  '\t ',
  '\n',
  '0',
  'a',
  'A1',
  '-',
  '_',
  '/',
  '.',
  '"\\',
  '\0',
  '🗝',
  'é\u0301',
];
/** A match that has gone far and then fails is what takes long. */
const ENDINGS = ['', '!', '\n', ' x', '\0'];

const SOURCE = fileURLToPath(new URL('../../src/', import.meta.url));

interface Node {
  readonly type: string;
  readonly regex?: { readonly pattern: string; readonly flags: string };
  readonly callee?: { readonly name?: string; readonly property?: { readonly name?: string } };
  readonly arguments?: readonly Node[];
}

function* nodesIn(value: unknown): Generator<Node> {
  if (typeof value !== 'object' || value === null || value instanceof RegExp) return;
  if ('type' in value) yield value as Node;
  for (const inner of Object.values(value)) yield* nodesIn(inner);
}

const nodesOf = (source: string) => [...nodesIn(parseAst(source, { lang: 'ts' }))];

/** Those that are written out, as `/source/flags`. */
function patternsOf(source: string): string[] {
  return nodesOf(source).flatMap(({ regex }) =>
    regex === undefined ? [] : [String(new RegExp(regex.pattern, regex.flags))],
  );
}

/** Whether a pattern is made of a text: by RegExp, or by a method that makes one of its argument. */
function makesPatterns(source: string): boolean {
  return nodesOf(source).some(({ type, callee, arguments: [first] = [] }) => {
    if (type !== 'NewExpression' && type !== 'CallExpression') return false;
    const method = callee?.property?.name ?? '';
    const isText = first?.type === 'TemplateLiteral' || (first?.type === 'Literal' && !first.regex);
    return (
      callee?.name === 'RegExp' || (['match', 'matchAll', 'search'].includes(method) && isText)
    );
  });
}

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.[jt]s$/.test(name))
  .map((name) => ({ name, text: readFileSync(join(SOURCE, name), 'utf8') }));

const MOST_MS = 100;

/** The beginning of the first hostile text that takes too long, and for how long; null if none does. */
function slowest({ pattern, from, hostile }: Entry): string | null {
  const length = LONGEST[from];
  for (const [beginning, repeated] of [
    ...hostile,
    ...ANYTHING.map((each) => ['', each] as const),
  ]) {
    const long = beginning + repeated.repeat(Math.ceil(length / repeated.length));
    for (const ending of ENDINGS) {
      const text = long.slice(0, length - ending.length) + ending;
      const took = cpuTime(() => search(text, pattern));
      if (took > MOST_MS) return `${JSON.stringify(text.slice(0, 40))}: ${took} ms`;
    }
  }
  return null;
}

/** All matches where the pattern is for all, as `replaceAll` and `matchAll` look for them. */
function search(text: string, pattern: RegExp): unknown {
  return pattern.global ? text.replaceAll(pattern, '') : pattern.exec(text);
}

describe('a pattern', () => {
  it.each(INVENTORY.map((entry) => [entry.pattern, entry] as const))(
    '%s takes no longer than its text is long',
    (_, entry) => {
      expect(slowest(entry)).toBeNull();
    },
  );

  it('that is in the source is in this inventory, and the other way round', () => {
    const found = new Set(files.flatMap(({ text }) => patternsOf(text)));
    const known = INVENTORY.map(({ pattern }) => String(pattern));
    expect(new Set(known).size).toBe(known.length);
    expect([...found].toSorted()).toEqual(known.toSorted());
  });

  it('is never made of a text, so that this inventory has all of them', () => {
    expect(files.filter(({ text }) => makesPatterns(text)).map(({ name }) => name)).toEqual([]);
  });
});

describe('this test', () => {
  it('finds patterns wherever they stand, and nothing that only looks like one', () => {
    expect(
      patternsOf(`
        // not /this/
        const half = (a: number, b: number) => a / b / 2;
        const text = '/nor this/' + \`nor /that/ \${/but this/g.source}\`;
        const schema = z.string().regex(/^one$/u, 'wrong');
        class Two<T> { readonly pattern: RegExp = /[/]two\\//; is = (x: T) => x as T; }
      `),
    ).toEqual(['/but this/g', '/^one$/u', '/[/]two\\//']);
  });

  it.each([
    'new RegExp(`^${x}$`)',
    "const is = RegExp('a');",
    "text.match('a');",
    'text.search(`a`);',
    "text.matchAll('a');",
  ])('sees a pattern that is made of a text: %s', (source) => {
    expect(makesPatterns(source)).toBe(true);
  });

  it.each(['router.match(asked, path);', 'text.search(KNOWN);', "text.replaceAll('a', 'b');"])(
    'sees none where there is none: %s',
    (source) => {
      expect(makesPatterns(source)).toBe(false);
    },
  );

  const isSlow = (entry: Entry) => {
    try {
      return slowest(entry) !== null;
    } catch {
      return true;
    }
  };

  it.each<Entry>([
    { pattern: /^(?:(\d+)\s*(x)?\s*(s))+$/, from: 'option', hostile: [['', '1  s']] },
    { pattern: /^(?:a|a)+$/, from: 'operator', hostile: [['', 'a']] },
    { pattern: /\s+$/, from: 'message', hostile: [] },
    { pattern: /\/+$/, from: 'head', hostile: [] },
  ])('sees that $pattern takes too long', (entry) => {
    expect(isSlow(entry)).toBe(true);
  });
});
