import { and, asc, eq, gt, isNull, lte, or, sql } from 'drizzle-orm';
import type { OutboxStore } from '../core/ports.ts';
import { auditColumns } from './audit-store.ts';
import type { Connection } from './connection.ts';
import { auditEvents, outbox } from './schema.ts';

/** Events per message; the rest go into the next one. */
const BATCH = 20;

/** What is due later than any retry can be comes from a clock that was wrong. */
const LONGEST_WAIT_MS = 2 * 3_600_000;

function isDue(now: number) {
  return or(lte(outbox.dueAt, now), gt(outbox.dueAt, now + LONGEST_WAIT_MS));
}

export function createOutboxStore({ db, write }: Connection): OutboxStore {
  return {
    takeBatch: async (now, again, freshId) =>
      write(() => {
        const [first] = db
          .select()
          .from(outbox)
          .where(isDue(now))
          .orderBy(asc(outbox.id))
          .limit(1)
          .all();
        if (first === undefined) return null;
        const { recipient, triedAt, attempts } = first;
        if (first.batch === null) {
          const together = db
            .select({ id: outbox.id })
            .from(outbox)
            .where(and(isNull(outbox.batch), sql`${outbox.recipient} is ${recipient}`, isDue(now)))
            .orderBy(asc(outbox.id))
            .limit(BATCH);
          db.update(outbox)
            .set({ batch: freshId })
            .where(sql`${outbox.id} in ${together}`)
            .run();
        }
        const id = first.batch ?? freshId;
        db.update(outbox)
          .set({ triedAt: now, attempts: attempts + 1, dueAt: again })
          .where(eq(outbox.batch, id))
          .run();
        const events = db
          .select(auditColumns)
          .from(outbox)
          .innerJoin(auditEvents, eq(auditEvents.id, outbox.eventId))
          .where(eq(outbox.batch, id))
          .orderBy(asc(outbox.id))
          .all();
        return { id, recipient, events, triedAt, attempts: attempts + 1 };
      }),

    dropBatch: async (id) =>
      write(() => {
        db.delete(outbox).where(eq(outbox.batch, id)).run();
      }),

    postponeBatch: async (id, until) =>
      write(() => {
        db.update(outbox).set({ dueAt: until }).where(eq(outbox.batch, id)).run();
      }),
  };
}
