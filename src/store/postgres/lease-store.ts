import { and, eq, sql } from 'drizzle-orm';
import type { LeaseStore } from '../../core/jobs/store.ts';
import { param } from '../statement.ts';
import type { Connection } from './connection.ts';
import { leases } from './schema.ts';
import { db, statement } from './statement.ts';

/** How far apart the clocks of two servers may be, of which one takes the place of the other. */
const SKEW_MS = 60_000;

// By the server's clock, which is one for all.
const now = sql.raw('(extract(epoch from clock_timestamp()) * 1000)::bigint');
const take = statement<{ holder: string }>(sql`
  insert into ${leases} as held (name, holder, until)
  values (${param('name')}, ${param('holder')}, ${now} + ${param('ms')}::bigint)
  on conflict (name) do update set holder = excluded.holder, until = excluded.until
    where held.holder = excluded.holder or held.until <= ${now}
      or held.until > excluded.until + ${sql.raw(String(SKEW_MS))}
  returning holder`);
const drop = statement(
  db.delete(leases).where(and(eq(leases.name, param('name')), eq(leases.holder, param('holder')))),
);

export function createLeaseStore({ write }: Connection): LeaseStore {
  return {
    takeLease: (name, holder, _now, ms) =>
      write(async (tx) => (await tx.get(take, { name, holder, ms })) !== undefined),

    dropLease: (name, holder) => write(async (tx) => tx.run(drop, { name, holder })),
  };
}
