import { randomBytes } from 'node:crypto';
import type { Member } from '../../src/core/actor.ts';
import { createLastUsed } from '../../src/core/sessions/last-used.ts';
import type { Policy } from '../../src/core/policy/policy.ts';
import { createSessions } from '../../src/core/sessions/sessions.ts';
import { createTokens } from '../../src/core/tokens/tokens.ts';
import { useServer } from '../../src/store/postgres/server/open.ts';
import { openStore } from '../../src/store/sqlite/file/open.ts';
import { QUIETLY } from '../support/product-database.ts';
import { PREFIX } from './rows.ts';

/** The real core over the real store: in a file, or on the server at `postgres://…`. */
export function openOurs(place: string, policy?: Policy) {
  const store = place.startsWith('postgres:')
    ? useServer({ url: place, connections: 4 }, QUIETLY)
    : openStore(place);
  const lastUsed = createLastUsed(store, Date.now);
  const deps = {
    store,
    lastUsed,
    clock: Date.now,
    random: randomBytes,
    tokenPrefix: PREFIX,
    policy,
    limits: { maxApiTokens: 1_000_000, creationsPerHour: 1_000_000 },
  };
  const [sessions, tokens] = [createSessions(deps), createTokens(deps)];
  return { store, lastUsed, sessions, tokens, [Symbol.asyncDispose]: () => store.close() };
}

export const member = (userId: string): Member => ({
  kind: 'member',
  userId,
  requestId: 'benchmark',
  credential: { kind: 'discord' },
});
