import type { Policy } from '../../core/policy/policy.ts';
import { readScopeText } from '../../core/policy/scopes.ts';
import type { Session } from '../../core/sessions/session.ts';
import type { Words } from '../words/words.ts';
import { plain, shorten } from './render.ts';

/** How long the names of scopes may be in a row: a list has ten of them in one message. */
const LONGEST_ROW = 80;
/** How long sentences may be beside all else in one message. */
const LONGEST_SENTENCES = 600;

/** What a token can do, in a line; nothing where there is no policy. */
export function sayScopes(
  words: Words,
  policy: Policy | undefined,
  scope: string | null,
): readonly string[] {
  if (policy === undefined) return [];
  const names = policy.written(scope);
  if (names.length === 0) return [words('scopes.none')];
  const says: string[] = [];
  let length = 0;
  for (const name of names) {
    const sentence = plain(policy.scope(name)?.says ?? name);
    length += sentence.length;
    if (length > LONGEST_SENTENCES) break;
    says.push(sentence);
  }
  const more = names.length - says.length;
  const shown = more === 0 ? says : [...says, words('scopes.more', { count: more })];
  return [words('scopes.can', { says: words.list(shown) })];
}

/** The scopes of an API token by their names, below its row in a list; nothing where there is no policy. */
export function scopeLine(
  words: Words,
  policy: Policy | undefined,
  { type, scope }: Pick<Session, 'type' | 'scope'>,
): string {
  // A login has whatever its member may have.
  if (policy === undefined || type !== 'api') return '';
  return `\n${words('scopes.line', { names: namesIn(words, policy.written(scope)) })}`;
}

/** What is written in an audit event; empty where that was made without a policy. */
export function scopeNames(words: Words, scope: unknown): string {
  return typeof scope === 'string' ? namesIn(words, readScopeText(scope)) : '';
}

function namesIn(words: Words, names: readonly string[]): string {
  if (names.length === 0) return words('scopes.no_names');
  return plain(shorten(names.join(', '), LONGEST_ROW));
}
