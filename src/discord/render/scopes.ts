import type { Policy } from '../../core/policy/policy.ts';
import type { Words } from '../words/words.ts';
import { plain } from './render.ts';

/** What a token can do, in a line; nothing where there is no policy. */
export function sayScopes(
  words: Words,
  policy: Policy | undefined,
  scope: string | null,
): readonly string[] {
  if (policy === undefined) return [];
  const says = policy.written(scope).map((name) => plain(policy.scope(name)?.says ?? name));
  return [
    says.length === 0 ? words('scopes.none') : words('scopes.can', { says: words.list(says) }),
  ];
}
