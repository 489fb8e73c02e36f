import { createAccounts } from '../../src/core/accounts/accounts.ts';
import type { IsCommunityMember } from '../../src/core/logins/identity.ts';
import { createLastUsed } from '../../src/core/sessions/last-used.ts';
import { createLeaks } from '../../src/core/sessions/leaks.ts';
import type { MintedToken } from '../../src/core/sessions/minted-token.ts';
import { createSessions } from '../../src/core/sessions/sessions.ts';
import type { Store } from '../../src/core/store.ts';
import { createTokens } from '../../src/core/tokens/tokens.ts';
import { openStore } from '../../src/store/sqlite/file/open.ts';
import { ANA, atMost, createClock, DAY, member, seededRandom } from './fixtures.ts';

export interface BenchOptions {
  readonly path?: string;
  readonly maxApiTokens?: number;
  readonly seed?: string;
  readonly isCommunityMember?: IsCommunityMember;
  /** Stands between the core and the real store, to count or to interfere. */
  readonly through?: (store: Store) => Store;
}

/** The core over a real store, with a clock to move. */
export function createBench(options: BenchOptions = {}) {
  const { path = ':memory:', maxApiTokens = 5, seed, through = (same) => same } = options;
  const { isCommunityMember } = options;
  const clock = createClock();
  const store = openStore(path);
  const used = through(store);
  const lastUsed = createLastUsed(used, clock);
  const random = seededRandom(seed);
  const deps = {
    store: used,
    lastUsed,
    clock,
    random,
    tokenPrefix: 'lk',
    limits: atMost(maxApiTokens),
    isCommunityMember,
  };
  const sessions = createSessions(deps);
  const tokens = createTokens(deps);
  const accounts = createAccounts({ store: used, clock });
  const leaks = createLeaks({ store: used, clock, tokenPrefix: 'lk' });
  return {
    clock,
    store,
    lastUsed,
    sessions,
    tokens,
    accounts,
    leaks,
    close: () => store.close(),
    /** A live API token of the member's. */
    token: (userId = ANA, name = 'a token', lifetime = DAY): Promise<MintedToken> =>
      tokens.create(member(userId), { name, expiresAt: clock() + lifetime }),
  };
}

export type Bench = ReturnType<typeof createBench>;
