import { and, eq, sql } from 'drizzle-orm';
import type { LeaseStore } from '../../core/jobs/store.ts';
import type { Connection } from './connection.ts';
import { leases } from './schema.ts';

/** How far apart the clocks of two processes may be. */
const SKEW_MS = 60_000;

export function createLeaseStore({ db, write }: Pick<Connection, 'db' | 'write'>): LeaseStore {
  return {
    takeLease: async (name, holder, now, ms) =>
      write(() => {
        const until = now + ms;
        const latest = until + SKEW_MS;
        const { changes } = db
          .insert(leases)
          .values({ name, holder, until })
          .onConflictDoUpdate({
            target: leases.name,
            set: { holder, until },
            setWhere: sql`${leases.holder} = ${holder} or ${leases.until} <= ${now} or ${leases.until} > ${latest}`,
          })
          .run();
        return changes > 0;
      }),

    dropLease: async (name, holder) =>
      write(() => {
        db.delete(leases)
          .where(and(eq(leases.name, name), eq(leases.holder, holder)))
          .run();
      }),
  };
}
