import { and, asc, eq, getTableColumns, gt, isNull, lte, or, sql } from 'drizzle-orm';
import type { OutboxStore } from '../core/ports.ts';
import { auditColumns } from './audit-store.ts';
import type { Connection } from './connection.ts';
import { auditEvents, outbox, sessions } from './schema.ts';
import { sessionColumns } from './session-statements.ts';
import { toSession } from './session-store.ts';

/** Events per message; the rest go into the next one. A member's have buttons, which need room. */
const BATCH = 20;
const MEMBER_BATCH = 8;

/** What is due later than any retry can be comes from a clock that was wrong. */
const LONGEST_WAIT_MS = 2 * 3_600_000;

function isDue(now: number) {
  return or(lte(outbox.dueAt, now), gt(outbox.dueAt, now + LONGEST_WAIT_MS));
}

export function createOutboxStore({ db, write }: Connection): OutboxStore {
  return {
    takeBatch: async (now, again, freshId) =>
      write(() => {
        const first = db
          .select({ ...getTableColumns(outbox), action: auditEvents.action })
          .from(outbox)
          .innerJoin(auditEvents, eq(auditEvents.id, outbox.eventId))
          .where(isDue(now))
          .orderBy(asc(outbox.id))
          .limit(1)
          .get();
        if (first === undefined) return null;
        const { recipient, triedAt, attempts, action } = first;
        if (first.batch === null) {
          const together = db
            .select({ id: outbox.id })
            .from(outbox)
            .innerJoin(auditEvents, eq(auditEvents.id, outbox.eventId))
            .where(
              and(
                isNull(outbox.batch),
                sql`${outbox.recipient} is ${recipient}`,
                isDue(now),
                recipient === null ? undefined : eq(auditEvents.action, action),
              ),
            )
            .orderBy(asc(outbox.id))
            .limit(recipient === null ? BATCH : MEMBER_BATCH);
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
          .select({ event: auditColumns, session: sessionColumns })
          .from(outbox)
          .innerJoin(auditEvents, eq(auditEvents.id, outbox.eventId))
          .leftJoin(sessions, eq(sessions.id, auditEvents.sessionId))
          .where(eq(outbox.batch, id))
          .orderBy(asc(outbox.id))
          .all()
          .map(({ event, session }) => ({
            ...event,
            session: session === null ? null : toSession(session),
          }));
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
