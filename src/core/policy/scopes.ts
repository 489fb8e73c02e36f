import { refuse } from '../errors.ts';

/** The most that one token may have, or a check may ask for: Discord's menus hold no more. */
export const MOST_SCOPES = 25;

/** A subset of RFC 6749, section 3.3. */
export const SCOPE_NAME = /^[A-Za-z0-9][A-Za-z0-9:._/-]{0,39}$/;

/**
 * The scopes in a text of the form of RFC 6749, section 3.3, sorted, each once. More than one space is
 * forgiven.
 * @throws AppError `invalid` for none, for what is no scope's name, and for more than {@link MOST_SCOPES}
 */
export function parseScopes(text: string): readonly string[] {
  // The longest that could be right; the rest is not looked at.
  if (text.length > 2_000)
    throw refuse({ code: 'invalid', reason: 'scopes_many', max: MOST_SCOPES });
  const names = new Set(text.split(' ').filter((name) => name !== ''));
  if (names.size === 0) throw refuse({ code: 'invalid', reason: 'scopes_missing' });
  if (names.size > MOST_SCOPES) {
    throw refuse({ code: 'invalid', reason: 'scopes_many', max: MOST_SCOPES });
  }
  for (const name of names) {
    if (!SCOPE_NAME.test(name)) throw refuse({ code: 'invalid', reason: 'scope_malformed' });
  }
  return sortScopes(names);
}

export function sortScopes(names: Iterable<string>): readonly string[] {
  return [...names].toSorted((one, other) => (one < other ? -1 : 1));
}

/** As it is kept and shown: space-separated. */
export function scopeText(names: readonly string[]): string {
  return names.join(' ');
}

/** The names in what {@link scopeText} wrote. */
export function readScopeText(text: string): readonly string[] {
  return text === '' ? [] : text.split(' ');
}
