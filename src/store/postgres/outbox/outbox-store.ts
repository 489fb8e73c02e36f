import { and, asc, eq, isNull, lte, sql, type SQL } from 'drizzle-orm';
import type { AuditAction, AuditRow } from '../../../core/audit/audit.ts';
import { ALONE, companionsOf, LONGEST_WAIT_MS } from '../../../core/outbox/batches.ts';
import type {
  AuditRowWithSession,
  OutboxBacklog,
  OutboxStore,
} from '../../../core/outbox/store.ts';
import { type SessionRow, toSession } from '../../rows.ts';
import { named, param } from '../../statement.ts';
import { auditColumns } from '../audit-store.ts';
import type { Connection } from '../connection.ts';
import { auditEvents, outbox, sessions } from '../schema.ts';
import { sessionColumns } from '../sessions/session-statements.ts';
import { db, statement } from '../statement.ts';

interface First {
  readonly recipient: string | null;
  readonly batch: string | null;
  readonly triedAt: number | null;
  readonly attempts: number;
  readonly action: AuditAction;
}

const isDue = lte(outbox.dueAt, param('now'));
const isMisdated = sql`${outbox.dueAt} > ${param('latest')}`;
// A batch is its first row's: of two that want it, one skips it whole.
const isFirst = sql`(${outbox.batch} is null or not exists (select 1 from outbox earlier
  where earlier.batch = ${outbox.batch} and earlier.id < ${outbox.id}))`;
/** Each by its own search in the index: in one they would go through all that waits. */
const firstOf = (which: SQL) =>
  statement<First>(
    db
      .select(
        named({
          recipient: outbox.recipient,
          batch: outbox.batch,
          triedAt: outbox.triedAt,
          attempts: outbox.attempts,
          action: auditEvents.action,
        }),
      )
      .from(outbox)
      .innerJoin(auditEvents, eq(auditEvents.id, outbox.eventId))
      .where(and(which, isFirst))
      .orderBy(asc(outbox.dueAt), asc(outbox.id))
      .limit(sql`1` as never)
      .for('update', { of: outbox, skipLocked: true }),
  );
const firstDue = firstOf(isDue);
const firstMisdated = firstOf(isMisdated);
const anyDue = statement<{ due: boolean }>(
  sql`select exists(select 1 from ${outbox} where ${isDue})
    or exists(select 1 from ${outbox} where ${isMisdated}) as due`,
);
// An array is made once; the rows of an `in (select … limit)` may be, and be counted, several times.
const bundle = statement(sql`
  update ${outbox} set batch = ${param('batch')} where id = any(array(
    select ${outbox.id} from ${outbox}
    join ${auditEvents} on ${eq(auditEvents.id, outbox.eventId)}
    where ${and(
      isNull(outbox.batch),
      sql`${outbox.recipient} is not distinct from ${param('recipient')}`,
      sql`(${isDue} or ${isMisdated})`,
      sql`((${param('action')}::text is null and ${auditEvents.action} <> ${ALONE})
        or ${auditEvents.action} = ${param('action')})`,
    )}
    order by ${outbox.id} limit ${param('limit')} for update of outbox skip locked))`);
const take = statement(sql`
  update ${outbox} set tried_at = ${param('now')}::bigint, attempts = ${param('attempts')},
    due_at = ${param('again')}
  where ${eq(outbox.batch, param('batch'))}`);
const ofSession = Object.fromEntries(
  Object.entries(sessionColumns).map(([name, column]) => [`session.${name}`, column]),
);
const contents = statement<AuditRow & Readonly<Record<string, unknown>>>(
  db
    .select(named({ ...auditColumns, ...ofSession }))
    .from(outbox)
    .innerJoin(auditEvents, eq(auditEvents.id, outbox.eventId))
    .leftJoin(sessions, eq(sessions.id, auditEvents.sessionId))
    .where(eq(outbox.batch, param('batch')))
    .orderBy(asc(outbox.id)),
);
// Ids are in the order in which things happened, but for what happened at once.
const waiting = statement<OutboxBacklog>(sql`
  select (select count(*) from (select 1 from ${outbox} limit ${param('most')}) as counted) as count,
    (select ${auditEvents.at} from ${outbox}
      join ${auditEvents} on ${eq(auditEvents.id, outbox.eventId)}
      order by ${outbox.id} limit 1) as "oldestAt"`);
const drop = statement(sql`delete from ${outbox} where ${eq(outbox.batch, param('batch'))}`);
const postpone = statement(sql`
  update ${outbox} set due_at = ${param('until')} where ${eq(outbox.batch, param('batch'))}`);

export function createOutboxStore({ get, write }: Connection): OutboxStore {
  return {
    waiting: async (most) => (await get(waiting, { most })) ?? { count: 0, oldestAt: null },

    async takeBatch(now, again, freshId) {
      const latest = now + LONGEST_WAIT_MS;
      // A look costs no lock.
      if (!(await get(anyDue, { now, latest }))?.due) return null;
      return write(async (tx) => {
        const first =
          (await tx.get(firstDue, { now })) ?? (await tx.get(firstMisdated, { latest }));
        if (first === undefined) return null;
        const { recipient, triedAt } = first;
        const batch = first.batch ?? freshId;
        if (first.batch === null) {
          const companions = companionsOf(recipient, first.action);
          tx.run(bundle, { batch, now, latest, recipient, ...companions });
        }
        const attempts = first.attempts + 1;
        tx.run(take, { batch, now, again, attempts });
        const rows = await tx.all(contents, { batch });
        return { id: batch, recipient, events: rows.map(toEvent), triedAt, attempts };
      });
    },

    dropBatch: (id) => write(async (tx) => tx.run(drop, { batch: id })),

    postponeBatch: (id, until) => write(async (tx) => tx.run(postpone, { batch: id, until })),
  };
}

function toEvent(row: AuditRow & Readonly<Record<string, unknown>>): AuditRowWithSession {
  const part = (names: readonly string[], prefix: string) =>
    Object.fromEntries(names.map((name) => [name, row[prefix + name]]));
  // The statement selects exactly these columns, under these names.
  const event = part(Object.keys(auditColumns), '') as unknown as AuditRow;
  const session = part(Object.keys(sessionColumns), 'session.') as unknown as SessionRow;
  return { ...event, session: row['session.id'] === null ? null : toSession(session) };
}
