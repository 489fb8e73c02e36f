import { and, eq, sql } from 'drizzle-orm';
import { type AuditEvent, concernsOwner, isNews } from '../core/audit.ts';
import type { AuditStore } from '../core/ports.ts';
import { type Connection, given, hidden } from './connection.ts';
import { auditEvents, outbox } from './schema.ts';

/** Writes an event down, and the messages that are owed about it. Within a transaction. */
export type RecordEvent = (event: AuditEvent) => void;

export const auditColumns = {
  id: auditEvents.id,
  at: auditEvents.at,
  actorKind: auditEvents.actorKind,
  actorId: auditEvents.actorId,
  requestId: auditEvents.requestId,
  action: auditEvents.action,
  userId: auditEvents.userId,
  sessionId: auditEvents.sessionId,
  detail: auditEvents.detail,
};

export function createRecord({ db }: Connection): RecordEvent {
  const insert = db
    .insert(auditEvents)
    .values({
      at: given('at'),
      actorKind: given('actorKind'),
      actorId: given('actorId'),
      requestId: given('requestId'),
      action: given('action'),
      userId: given('userId'),
      sessionId: given('sessionId'),
      detail: given('detail'),
    })
    .prepare();
  const owe = db
    .insert(outbox)
    .values({ eventId: given('eventId'), recipient: given('recipient'), dueAt: given('dueAt') })
    .prepare();

  return (event) => {
    const { actor, at, userId, action, ...rest } = event;
    const { sessionId = null, ...detail } = { sessionId: undefined, ...rest };
    const { lastInsertRowid: eventId } = insert.run({
      at,
      actorKind: actor.kind,
      actorId: actor.kind === 'system' ? null : actor.userId,
      requestId: actor.kind === 'system' ? null : actor.requestId,
      action,
      userId,
      sessionId,
      detail,
    });
    if (isNews(event)) owe.run({ eventId, recipient: null, dueAt: at });
    if (concernsOwner(event)) owe.run({ eventId, recipient: userId, dueAt: at });
  };
}

export function createAuditStore({ db, write }: Connection, record: RecordEvent): AuditStore {
  const list = db
    .select(auditColumns)
    .from(auditEvents)
    .where(
      and(
        sql`${auditEvents.id} < ${hidden('before')}`,
        sql`(${given('action')} = '' or ${auditEvents.action} = ${given('action')})`,
        sql`${auditEvents.at} >= ${hidden('since')}`,
      ),
    )
    .orderBy(sql`${auditEvents.id} desc`)
    .limit(given('limit'))
    .prepare();
  const listOne = db
    .select(auditColumns)
    .from(auditEvents)
    .where(
      and(
        eq(auditEvents.userId, hidden('userId')),
        sql`${auditEvents.id} < ${hidden('before')}`,
        sql`(${given('action')} = '' or ${auditEvents.action} = ${given('action')})`,
        sql`${auditEvents.at} >= ${hidden('since')}`,
      ),
    )
    .orderBy(sql`${auditEvents.id} desc`)
    .limit(given('limit'))
    .prepare();
  const oldest = db
    .select({ id: auditEvents.id, at: auditEvents.at })
    .from(auditEvents)
    .where(sql`${auditEvents.id} > ${hidden('after')}`)
    .orderBy(auditEvents.id)
    .limit(given('limit'))
    .prepare();
  const remove = db
    .delete(auditEvents)
    .where(eq(auditEvents.id, hidden('id')))
    .prepare();

  return {
    record: async (event) => write(() => record(event)),

    async audit({ userId = '', action, since = 0, limit, before }) {
      const filter = {
        userId,
        action: action ?? '',
        since,
        limit,
        before: before ?? Number.MAX_SAFE_INTEGER,
      };
      return (userId === '' ? list : listOne).all(filter);
    },

    purgeAudit: async (before, limit) =>
      write(() => {
        const old = oldest.all({ after: 0, limit }).filter(({ at }) => at < before);
        for (const { id } of old) remove.run({ id });
        return old.length;
      }),
  };
}
