import type { DriverConnection } from './driver.ts';
import { byDriver } from './failures.ts';

/** What a server says of itself. */
export interface ServerFacts {
  readonly version: string;
  readonly versionNumber: number;
  readonly database: string;
  readonly isStandby: boolean;
  readonly isolation: string;
  readonly synchronousCommit: string;
  /** Who is waited for; empty if nobody is. */
  readonly waitsFor: string;
  /** How many servers follow this one. */
  readonly standbys: number;
  readonly flushes: boolean;
  readonly isEncrypted: boolean;
}

const FACTS = `select current_setting('server_version') as version,
  current_setting('server_version_num')::int as "versionNumber",
  current_database() as database,
  pg_is_in_recovery() as "isStandby",
  current_setting('default_transaction_isolation') as isolation,
  current_setting('synchronous_commit') as "synchronousCommit",
  current_setting('synchronous_standby_names') as "waitsFor",
  (select count(*) from pg_stat_replication)::int as standbys,
  current_setting('fsync') = 'on' as flushes,
  coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false) as "isEncrypted"`;

export async function readFacts(connection: DriverConnection): Promise<ServerFacts> {
  const { rows } = await byDriver(connection.query({ text: FACTS }));
  return rows[0] as ServerFacts;
}

/** What an operator should know of a server before it is relied on, a sentence each. */
export function warningsOf(facts: ServerFacts, isElsewhere: boolean): string[] {
  const { isolation, synchronousCommit, waitsFor, standbys, flushes, isEncrypted } = facts;
  const warnings: string[] = [];
  if (!flushes || synchronousCommit === 'off') {
    const setting = flushes ? 'synchronous_commit=off' : 'fsync=off';
    warnings.push(
      `what was acknowledged, a revoke among it, may be lost when the server crashes: it runs with ${setting}`,
    );
  } else if (standbys > 0 && (waitsFor === '' || synchronousCommit === 'local')) {
    warnings.push(
      'what was acknowledged, a revoke among it, may be lost at a failover: no standby is waited for (synchronous_standby_names, synchronous_commit)',
    );
  }
  if (standbys === 0 && isWaiting(facts)) {
    warnings.push(
      `the server waits for a standby (${waitsFor}), and none is connected: whatever writes, this start among it, waits for one`,
    );
  }
  if (isolation !== 'read committed') {
    warnings.push(
      `default_transaction_isolation is ${isolation}: Latchkey works with it, and slower; read committed is usual`,
    );
  }
  if (isElsewhere && !isEncrypted) {
    warnings.push(
      'the connection to the database is not encrypted: add sslmode=verify-full to DATABASE_URL',
    );
  }
  return warnings;
}

/** Whether an acknowledged write is on a second machine, in a word or two. */
export function durabilityOf(facts: ServerFacts): string {
  return isWaiting(facts) ? `${facts.synchronousCommit}, ${facts.waitsFor}` : 'none';
}

/** Whether an acknowledgement waits for a standby. */
function isWaiting({ synchronousCommit, waitsFor }: ServerFacts): boolean {
  return waitsFor !== '' && !['off', 'local'].includes(synchronousCommit);
}
