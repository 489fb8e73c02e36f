import { and, asc, eq, getTableColumns, isNull, type SQL, sql } from 'drizzle-orm';
import { ALONE, companionsOf, LONGEST_WAIT_MS } from '../../../core/outbox/batches.ts';
import type { OutboxStore } from '../../../core/outbox/store.ts';
import { toSession } from '../../rows.ts';
import { auditColumns } from '../audit-store.ts';
import type { Connection } from '../connection.ts';
import { auditEvents, outbox, sessions } from '../schema.ts';
import { sessionColumns } from '../sessions/session-statements.ts';
import { param } from '../../statement.ts';
import { opaque, opaqueLimit } from '../statement.ts';

export function createOutboxStore({ db, write, readTogether }: Connection): OutboxStore {
  const isDue = sql`${outbox.dueAt} <= ${opaque('now')}`;
  const isMisdated = sql`${outbox.dueAt} > ${opaque('latest')}`;
  /** Each by its own search in the index: in one they would go through all that waits. */
  const prepareFirst = (which: SQL) =>
    db
      .select({ ...getTableColumns(outbox), action: auditEvents.action })
      .from(outbox)
      .innerJoin(auditEvents, eq(auditEvents.id, outbox.eventId))
      .where(which)
      .orderBy(asc(outbox.dueAt), asc(outbox.id))
      .prepare();
  const due = prepareFirst(isDue);
  const misdated = prepareFirst(isMisdated);
  const together = db
    .select({ id: outbox.id })
    .from(outbox)
    .innerJoin(auditEvents, eq(auditEvents.id, outbox.eventId))
    .where(
      and(
        isNull(outbox.batch),
        sql`${outbox.recipient} is ${opaque('recipient')}`,
        sql`(${isDue} or ${isMisdated})`,
        sql`((${param('action')} is null and ${auditEvents.action} <> ${ALONE})
          or ${auditEvents.action} = ${param('action')})`,
      ),
    )
    .orderBy(asc(outbox.id))
    .limit(opaqueLimit);
  const bundle = db
    .update(outbox)
    .set({ batch: opaque('batch') })
    .where(sql`${outbox.id} in ${together}`)
    .prepare();
  const take = db
    .update(outbox)
    .set({
      triedAt: sql`${param('now')}`,
      attempts: sql`${param('attempts')}`,
      dueAt: opaque('again'),
    })
    .where(eq(outbox.batch, opaque('batch')))
    .prepare();
  const contents = db
    .select({ event: auditColumns, session: sessionColumns })
    .from(outbox)
    .innerJoin(auditEvents, eq(auditEvents.id, outbox.eventId))
    .leftJoin(sessions, eq(sessions.id, auditEvents.sessionId))
    .where(eq(outbox.batch, opaque('batch')))
    .orderBy(asc(outbox.id))
    .prepare();

  const some = db
    .select({ id: outbox.id })
    .from(outbox)
    .where(sql`${outbox.id} > 0`)
    .limit(opaqueLimit)
    .as('waiting');
  const count = db
    .select({ count: sql<number>`count(*)` })
    .from(some)
    .prepare();
  // Ids are in the order in which things happened.
  const oldest = db
    .select({ at: auditEvents.at })
    .from(outbox)
    .innerJoin(auditEvents, eq(auditEvents.id, outbox.eventId))
    .where(sql`${outbox.id} > 0`)
    .orderBy(asc(outbox.id))
    .prepare();

  return {
    waiting: async (most) =>
      readTogether(() => ({
        count: count.get({ limit: most })?.count ?? 0,
        oldestAt: oldest.get()?.at ?? null,
      })),

    async takeBatch(now, again, freshId) {
      const latest = now + LONGEST_WAIT_MS;
      const findFirst = () => due.get({ now }) ?? misdated.get({ latest });
      // A look costs no lock.
      if (findFirst() === undefined) return null;
      return write(() => {
        const first = findFirst();
        if (first === undefined) return null;
        const { recipient, triedAt } = first;
        const batch = first.batch ?? freshId;
        if (first.batch === null) {
          const companions = companionsOf(recipient, first.action);
          bundle.run({ batch, now, latest, recipient, ...companions });
        }
        const attempts = first.attempts + 1;
        take.run({ batch, now, again, attempts });
        const events = contents.all({ batch }).map(({ event, session }) => ({
          ...event,
          session: session === null ? null : toSession(session),
        }));
        return { id: batch, recipient, events, triedAt, attempts };
      });
    },

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
