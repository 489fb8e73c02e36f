import { createAccounts } from '../../src/core/accounts/accounts.ts';
import type { AuditEvent } from '../../src/core/audit/audit.ts';
import type { FindMember } from '../../src/core/logins/identity.ts';
import type { Policy } from '../../src/core/policy/policy.ts';
import { createRequests } from '../../src/core/requests/requests.ts';
import { createLastUsed } from '../../src/core/sessions/last-used.ts';
import { createLeaks } from '../../src/core/sessions/leaks.ts';
import type { MintedToken } from '../../src/core/sessions/minted-token.ts';
import { createSessions } from '../../src/core/sessions/sessions.ts';
import type { Store } from '../../src/core/store.ts';
import { createTokens } from '../../src/core/tokens/tokens.ts';
import { openStore } from '../../src/store/sqlite/file/open.ts';
import { ANA, createClock, DAY, member, seededRandom } from './fixtures.ts';

export interface CoreHarnessOptions {
  readonly path?: string;
  readonly maxApiTokens?: number;
  readonly creationsPerHour?: number;
  readonly seed?: string;
  readonly findMember?: FindMember;
  readonly policy?: Policy | undefined;
  /** Stands between the core and the real store, to count or to interfere. */
  readonly through?: (store: Store) => Store;
  /** Hears of what is written into the audit. */
  readonly onRecorded?: (event: AuditEvent) => void;
}

/** The core over a real store, with a clock to move. */
export function createCoreHarness(options: CoreHarnessOptions = {}) {
  const { path = ':memory:', seed, through = (same) => same } = options;
  const { maxApiTokens = 5, creationsPerHour = 100_000, findMember, onRecorded, policy } = options;
  const clock = createClock();
  const store = openStore(path, { onRecorded });
  const used = through(store);
  const lastUsed = createLastUsed(used, clock);
  const random = seededRandom(seed);
  const core = {
    store: used,
    lastUsed,
    clock,
    random,
    tokenPrefix: 'lk',
    limits: { maxApiTokens, creationsPerHour },
    findMember,
    policy,
  };
  const sessions = createSessions(core);
  const tokens = createTokens(core);
  const requests = createRequests(core);
  const accounts = createAccounts({ store: used, clock });
  const leaks = createLeaks(core);
  return {
    /** What the services are made of. */
    core,
    clock,
    store,
    lastUsed,
    sessions,
    tokens,
    requests,
    accounts,
    leaks,
    close: () => store.close(),
    /** A live API token of the member's. */
    token: (userId = ANA, name = 'a token', lifetime = DAY): Promise<MintedToken> =>
      tokens.create(member(userId), { name, expiresAt: clock() + lifetime }),
  };
}

export type CoreHarness = ReturnType<typeof createCoreHarness>;
