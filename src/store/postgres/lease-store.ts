import { and, eq, sql } from 'drizzle-orm';
import type { LeaseStore } from '../../core/jobs/store.ts';
import { param } from '../statement.ts';
import type { Connection } from './connection.ts';
import { leases } from './schema.ts';
import { db, statement } from './statement.ts';

/** How far apart the clocks of two processes may be. */
const SKEW_MS = 60_000;

const take = statement<{ holder: string }>(sql`
  insert into ${leases} as held (name, holder, until)
  values (${param('name')}, ${param('holder')}, ${param('until')})
  on conflict (name) do update set holder = excluded.holder, until = excluded.until
    where held.holder = excluded.holder or held.until <= ${param('now')}
      or held.until > ${param('latest')}
  returning holder`);
const drop = statement(
  db.delete(leases).where(and(eq(leases.name, param('name')), eq(leases.holder, param('holder')))),
);

export function createLeaseStore({ write }: Connection): LeaseStore {
  return {
    takeLease: (name, holder, now, ms) =>
      write(async (tx) => {
        const until = now + ms;
        const given = { name, holder, now, until, latest: until + SKEW_MS };
        return (await tx.get(take, given)) !== undefined;
      }),

    dropLease: (name, holder) => write(async (tx) => tx.run(drop, { name, holder })),
  };
}
