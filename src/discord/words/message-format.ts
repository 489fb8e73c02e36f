/**
 * A message in the part of ICU MessageFormat that the catalogues use: `{name}`, `{count, plural, one {…}
 * other {…}}` and `{which, select, some {…} other {…}}`, with `#` for the number and `'{'` for a brace.
 * What Weblate and Crowdin check is this same syntax (Unicode ICU, "Formatting Messages").
 */
export type Format = (values: Values) => string;

export type Values = Readonly<Record<string, unknown>>;

/** What is the same for all messages of a language. */
export interface Language {
  /** Which form of a word goes with a number. */
  readonly pluralOf: (amount: number) => string;
  /** What becomes of the message's own text; never of a value, which may be anybody's. */
  readonly finish: (text: string) => string;
}

type Part = string | { readonly name: string } | Branching;

interface Branching {
  readonly name: string;
  readonly by: 'plural' | 'select';
  readonly branches: ReadonlyMap<string, readonly Part[]>;
}

/** @throws Error where the text is not such a message */
export function compileMessage(text: string, language: Language): Format {
  const parts = parseMessage(text);
  return (values) => write(parts, values, language, '#');
}

/** The names of the values that a message needs. @throws Error where the text is not a message */
export function namesIn(text: string): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (parts: readonly Part[]): void => {
    for (const part of parts) {
      if (typeof part === 'string') continue;
      names.add(part.name);
      if ('branches' in part) for (const branch of part.branches.values()) visit(branch);
    }
  };
  visit(parseMessage(text));
  return names;
}

function write(parts: readonly Part[], values: Values, language: Language, amount: string): string {
  let text = '';
  for (const part of parts) {
    if (typeof part === 'string') {
      text += language.finish(part.replaceAll('#', amount));
    } else if ('branches' in part) {
      const value = values[part.name];
      const { branches } = part;
      const isPlural = part.by === 'plural';
      const key = isPlural ? language.pluralOf(Number(value)) : String(value);
      const branch =
        (isPlural ? branches.get(`=${Number(value)}`) : undefined) ??
        branches.get(key) ??
        branches.get('other') ??
        [];
      text += write(branch, values, language, isPlural ? String(value) : amount);
    } else {
      text += String(values[part.name]);
    }
  }
  return text;
}

function parseMessage(text: string): readonly Part[] {
  let at = 0;
  const parts = readParts();
  if (at < text.length) throw wrong('a brace closes nothing');
  return parts;

  function readParts(): readonly Part[] {
    const found: Part[] = [];
    let literal = '';
    const flush = () => {
      if (literal !== '') found.push(literal);
      literal = '';
    };
    while (at < text.length && text[at] !== '}') {
      const char = text.charAt(at);
      if (char === '{') {
        flush();
        at += 1;
        found.push(readArgument());
      } else if (char === "'" && (text[at + 1] === '{' || text[at + 1] === '}')) {
        const end = text.indexOf("'", at + 1);
        if (end === -1) throw wrong('a quotation does not end');
        literal += text.slice(at + 1, end);
        at = end + 1;
      } else {
        literal += char;
        at += 1;
      }
    }
    flush();
    return found;
  }

  function readArgument(): Part {
    const name = readUntil(',}');
    if (name === '') throw wrong('a value has no name');
    if (take() === '}') return { name };
    const by = readUntil(',');
    if (by !== 'plural' && by !== 'select') throw wrong(`${by} is no kind of choice`);
    take();
    const branches = new Map<string, readonly Part[]>();
    for (let key = readUntil('{}'); key !== ''; key = readUntil('{}')) {
      if (take() !== '{') throw wrong(`the branch ${key} has no text`);
      branches.set(key, readParts());
      if (take() !== '}') throw wrong(`the branch ${key} does not end`);
    }
    if (take() !== '}') throw wrong(`the choice by ${name} does not end`);
    if (!branches.has('other')) throw wrong(`the choice by ${name} has no branch for the others`);
    return { name, by, branches };
  }

  function readUntil(ends: string): string {
    const start = at;
    while (at < text.length && !ends.includes(text.charAt(at))) at += 1;
    return text.slice(start, at).trim();
  }

  function take(): string {
    const char = text.charAt(at);
    at += 1;
    return char;
  }

  function wrong(what: string): Error {
    return new Error(`${what} in the message: ${text}`);
  }
}
