/** Each letter with a mark, of the same length, and still to be read. */
const FROM = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const TO = 'àƀçðéƒĝĥîĵķļɱñöþǫŕšţûṽŵẋýžÀƁÇÐÉƑĜĤÎĴĶĻṀÑÖÞǪŔŠŢÛṼŴẊÝŽ';
const MARKED = new Map(Array.from(FROM, (letter, at) => [letter, Array.from(TO)[at] ?? letter]));

/** What stays as it is: values and choices of ICU, code, mentions, addresses. */
const KEPT =
  /\{\w+(?:, (?:plural|select),)?\}?|(?:=\d+|\w+) \{(?!\w+[,}])|```[^]*?```|`[^`]*`|<[^>]*>|https?:\S+/g;

/** A message as if it were in another language: who reads it sees at once what was not translated. */
export function pseudo(message: string): string {
  let text = '';
  let at = 0;
  for (const { 0: kept, index } of message.matchAll(KEPT)) {
    text += mark(message.slice(at, index)) + kept;
    at = index + kept.length;
  }
  return text + mark(message.slice(at));
}

const mark = (text: string): string =>
  text.replaceAll(/[a-z]/gi, (letter) => MARKED.get(letter) ?? letter);

/** What is a value wherever it stands, and may have any letters. */
const VALUES = [
  /```[^]*?```|`[^`]*`/g,
  /<[^>]*>/g,
  /https?:\S+/g,
  /lk_(?:login|app|api)_\w+/g,
  /…\w{4}\b/g,
  // A length of time as it is typed, which is in English everywhere.
  /\b\d+[a-z]{1,2}\b/g,
  // What was typed is said again.
  /“[^”]*”/g,
];

/** The words in a text that are of no catalogue, but for these values. */
export function untranslated(text: string, values: readonly string[]): readonly string[] {
  const rest = VALUES.reduce((left, value) => left.replaceAll(value, ' '), text);
  const known = values
    .toSorted((one, other) => other.length - one.length)
    .reduce((left, value) => left.replaceAll(value, ' '), rest);
  return known.match(/(?<![\p{L}\p{M}])[A-Za-z]{2,}(?![\p{L}\p{M}])/gu) ?? [];
}

const READ = new Set(['content', 'label', 'placeholder', 'description', 'title', 'custom_message']);

/** All that is read in what goes out to Discord. */
export function* textsIn(node: unknown): Generator<string> {
  if (Array.isArray(node)) for (const each of node) yield* textsIn(each);
  if (typeof node !== 'object' || node === null || Array.isArray(node)) return;
  const { name, value, type } = node as Record<string, unknown>;
  // Of a choice, or of a command in a menu: other names are typed, in every language the same.
  const isRead = value !== undefined || ((type === 2 || type === 3) && !('description' in node));
  if (isRead && typeof name === 'string') yield name;
  for (const [key, inner] of Object.entries(node)) {
    if (typeof inner !== 'string') yield* textsIn(inner);
    else if (READ.has(key)) yield inner;
  }
}
