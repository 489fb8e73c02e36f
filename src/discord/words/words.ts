import type { MemberRefusal, Refusal, RefusalKey, RefusalWith } from '../../core/errors.ts';
import { en } from './en.ts';
import { compileMessage, type Format } from './message-format.ts';

/** Under which a message stands in every language. */
export type Key = keyof typeof en;

type Trimmed<S extends string> = S extends `${infer Text} ` ? Trimmed<Text> : S;

/** What stands between a brace and where its name ends: a name, or words of a branch, which have spaces. */
type Named<S extends string> = S extends `${infer Inner}}${string}`
  ? Inner extends `${infer Name}, plural,${string}`
    ? { readonly [N in Trimmed<Name>]: number }
    : Inner extends `${infer Name}, select,${string}`
      ? { readonly [N in Trimmed<Name>]: string }
      : Inner extends `${string}${' ' | '#' | '{' | ','}${string}` | ''
        ? unknown
        : { readonly [N in Inner]: string | number }
  : unknown;

/** The values that a message needs, read from its English text. */
type ValuesIn<S extends string, Found = unknown> = S extends `${string}{${infer Rest}`
  ? ValuesIn<Rest, Found & Named<Rest>>
  : Found;

type Flat<T> = { readonly [K in keyof T]: T[K] };

export type ValuesOf<K extends Key> = Flat<ValuesIn<(typeof en)[K]>>;

/** Nothing where the message needs no value. */
type Given<K extends Key> = keyof ValuesOf<K> extends never ? [] : [values: ValuesOf<K>];

/** The sentences of one language. */
export interface Words {
  <K extends Key>(key: K, ...values: Given<K>): string;
  /** What a member reads when this was refused; undefined for what nobody can meet in Discord. */
  refusal(refusal: Refusal): string | undefined;
  /** `one, two and three`. */
  list(items: readonly string[]): string;
}

/** Each refusal has a sentence, which takes no values but those that the refusal has. */
type Unsaid = {
  [K in RefusalKey<MemberRefusal>]: `refusal.${K}` extends Key
    ? keyof ValuesOf<`refusal.${K}`> extends keyof RefusalWith<MemberRefusal, K>
      ? never
      : K
    : K;
}[RefusalKey<MemberRefusal>];
const EVERY_REFUSAL_HAS_WORDS: [Unsaid] extends [never] ? true : Unsaid = true;
void EVERY_REFUSAL_HAS_WORDS;

/** How a command is shown that can be pressed; `/token rotate` in its place while its id is not known. */
export type MentionCommand = (name: string) => string;

const unknownCommand: MentionCommand = (name) => `\`/${name}\``;

export type Catalogue = Readonly<Record<Key, string>>;

/** Marks a command in a message, as Discord does, but without its id: `</token rotate>`. */
const COMMAND = /<\/([a-z -]{1,60})>/g;

/** The sentences of a language. A message is compiled when it is first used. */
export function createWords(
  catalogue: Catalogue,
  locale: string,
  mention: MentionCommand = unknownCommand,
): Words {
  const rules = new Intl.PluralRules(locale);
  const language = {
    pluralOf: (amount: number) => rules.select(amount),
    finish: (text: string) => text.replaceAll(COMMAND, (_, name: string) => mention(name)),
  };
  const formats = new Map<string, Format>();

  function say(key: Key, values: object = {}): string {
    let format = formats.get(key);
    if (format === undefined) {
      format = compileMessage(catalogue[key], language);
      formats.set(key, format);
    }
    return format(values as Readonly<Record<string, unknown>>);
  }

  function list(items: readonly string[]): string {
    const [first = '', ...others] = items;
    const last = others.pop();
    if (last === undefined) return first;
    if (others.length === 0) return say('list.two', { first, last });
    const most = others.reduce((before, next) => say('list.comma', { before, next }), first);
    return say('list.last', { before: most, last });
  }

  return Object.assign(say as <K extends Key>(key: K, ...values: Given<K>) => string, {
    refusal(refusal: Refusal): string | undefined {
      const why = 'reason' in refusal ? `${refusal.code}.${refusal.reason}` : refusal.code;
      const key = `refusal.${why}`;
      if (!isKey(key)) return undefined;
      const values = Object.entries(refusal).map(([name, value]: [string, unknown]) => [
        name,
        Array.isArray(value) ? list(value) : value,
      ]);
      return say(key, Object.fromEntries(values));
    },

    list,
  });
}

function isKey(text: string): text is Key {
  return Object.hasOwn(en, text);
}

/** English, with commands as they are typed: for Discord's list of commands, and where no id is known. */
export const english = createWords(en, 'en');

/** The words for a reader, by Discord's name of their language. */
export type WordsFor = (locale: string | undefined) => Words;

/** Every language that there is. */
export function createLanguages(mention: MentionCommand): WordsFor {
  const words = createWords(en, 'en', mention);
  return () => words;
}
