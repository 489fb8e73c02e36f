import { parseScopes } from '../../core/policy/scopes.ts';

const NONE: readonly string[] = [];
/** A proxy asks with few addresses; strangers may ask with many. */
const REMEMBERED = 1_000;
/** As long as 25 of the longest scopes: what is longer is read anew each time. */
const LONGEST = 1_100;

/**
 * What a check asks for with `?scope=`, all of it where that is there several times. Every check of a proxy
 * waits for it, and asks with the same few addresses.
 */
export function createAskedScopes(): (address: string) => readonly string[] {
  const remembered = new Map<string, readonly string[]>();
  return (address) => {
    const start = address.indexOf('?');
    if (start === -1) return NONE;
    const query = address.slice(start + 1);
    const known = remembered.get(query);
    if (known !== undefined) return known;
    const asked = new URLSearchParams(query).getAll('scope');
    const scopes = asked.length === 0 ? NONE : parseScopes(asked.join(' '));
    if (query.length > LONGEST) return scopes;
    if (remembered.size >= REMEMBERED) remembered.clear();
    remembered.set(query, scopes);
    return scopes;
  };
}
