import { purgeAudit } from '../core/audit/retention.ts';
import type { Job } from '../core/jobs/scheduler.ts';
import type { Deletions } from '../core/outbox/deletions.ts';
import type { OutboxRelay } from '../core/outbox/outbox-relay.ts';
import { lapseRequests } from '../core/requests/requests.ts';
import { remind } from '../core/sessions/reminders.ts';
import { purgeConfirmations } from '../core/staff/confirmations.ts';
import type { Store } from '../core/store.ts';
import type { Clock } from '../core/time.ts';
import type { Core } from './core.ts';

export interface JobsDeps {
  readonly core: Pick<Core, 'sessions' | 'accounts'>;
  readonly store: Store;
  readonly clock: Clock;
  readonly outboxRelay: OutboxRelay;
  readonly deletions: Deletions;
}

const HOUR_MS = 3_600_000;

/** What is done in each process. */
export function createOwnJobs({ lastUsed }: Pick<Core, 'lastUsed'>): Job[] {
  return [{ name: 'last use', everyMs: 30_000, everywhere: true, run: () => lastUsed.flush() }];
}

/** What one process does, again and again. What age destroys or reminds of waits until the clock has been stable. */
export function createJobs({ core, store, clock, outboxRelay, deletions }: JobsDeps): Job[] {
  const { sessions, accounts } = core;

  async function purge(): Promise<void> {
    await sessions.purge();
    await purgeAudit(store, clock);
    await store.purgeAllowances(clock());
  }

  return [
    { name: 'outbox', everyMs: 1_000, run: () => outboxRelay.run() },
    { name: 'deletions', everyMs: 1_000, stableForMs: HOUR_MS, run: () => deletions.run() },
    { name: 'confirmations', everyMs: HOUR_MS, run: () => purgeConfirmations(store, clock) },
    { name: 'bans', everyMs: 5_000, stableForMs: HOUR_MS, run: () => accounts.liftExpiredBans() },
    { name: 'reminders', everyMs: 60_000, stableForMs: HOUR_MS, run: () => remind(store, clock) },
    {
      name: 'requests',
      everyMs: 60_000,
      stableForMs: HOUR_MS,
      run: () => lapseRequests(store, clock),
    },
    // Not a day: what sleeps at night is to be purged too.
    { name: 'purge', everyMs: HOUR_MS, stableForMs: 6 * HOUR_MS, run: purge },
  ];
}
