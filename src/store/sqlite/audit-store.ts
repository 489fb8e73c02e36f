import { and, eq, sql } from 'drizzle-orm';
import type { NoticeSettings } from '../../core/accounts/notice.ts';
import type { UserId } from '../../core/actor.ts';
import type { AuditEvent } from '../../core/audit/audit.ts';
import { recipientsOf } from '../../core/audit/recipients.ts';
import type { AuditStore } from '../../core/audit/store.ts';
import { toAuditRow } from '../rows.ts';
import type { Connection } from './connection.ts';
import { auditEvents, outbox } from './schema.ts';
import { param } from '../statement.ts';
import { opaque, opaqueLimit } from './statement.ts';

/** Writes an event down, and the messages that are owed about it. Within a transaction. */
export type RecordEvent = (event: AuditEvent) => void;

export const auditColumns = {
  id: auditEvents.id,
  at: auditEvents.at,
  actorKind: auditEvents.actorKind,
  actorId: auditEvents.actorId,
  actorSessionId: auditEvents.actorSessionId,
  actorHint: sql<
    string | null
  >`(select hint from sessions as acting where acting.id = ${auditEvents.actorSessionId})`,
  requestId: auditEvents.requestId,
  action: auditEvents.action,
  userId: auditEvents.userId,
  sessionId: auditEvents.sessionId,
  detail: auditEvents.detail,
};

/** `onRecorded` hears of each event once it is kept. */
export function createRecord(
  { db, prepare, onceKept }: Connection,
  findNotices: (userId: UserId) => NoticeSettings,
  onRecorded?: (event: AuditEvent) => void,
): RecordEvent {
  const insert = prepare(
    db.insert(auditEvents).values({
      at: param('at'),
      actorKind: param('actorKind'),
      actorId: param('actorId'),
      actorSessionId: param('actorSessionId'),
      requestId: param('requestId'),
      action: param('action'),
      userId: param('userId'),
      sessionId: param('sessionId'),
      detail: param('detail'),
    }),
  );
  const owe = prepare(
    db
      .insert(outbox)
      .values({ eventId: param('eventId'), recipient: param('recipient'), dueAt: param('dueAt') }),
  );

  return (event) => {
    const { lastInsertRowid: eventId } = insert.run(toAuditRow(event));
    for (const recipient of recipientsOf(event, findNotices)) {
      owe.run({ eventId, recipient, dueAt: event.at });
    }
    if (onRecorded !== undefined) onceKept(() => onRecorded(event));
  };
}

export function createAuditStore(
  { db, write, writeSlice }: Connection,
  record: RecordEvent,
): AuditStore {
  const isSelected = sql`(${param('actions')} is null
    or ${auditEvents.action} in (select value from json_each(${param('actions')})))`;
  const list = db
    .select(auditColumns)
    .from(auditEvents)
    .where(
      and(
        sql`${auditEvents.id} < ${opaque('before')}`,
        isSelected,
        sql`${auditEvents.at} >= ${opaque('since')}`,
      ),
    )
    .orderBy(sql`${auditEvents.id} desc`)
    .limit(opaqueLimit)
    .prepare();
  const listOne = db
    .select(auditColumns)
    .from(auditEvents)
    .where(
      and(
        eq(auditEvents.userId, opaque('userId')),
        sql`${auditEvents.id} < ${opaque('before')}`,
        isSelected,
        sql`${auditEvents.at} >= ${opaque('since')}`,
      ),
    )
    .orderBy(sql`${auditEvents.id} desc`)
    .limit(opaqueLimit)
    .prepare();
  const oldest = db
    .select({ id: auditEvents.id, at: auditEvents.at })
    .from(auditEvents)
    .where(sql`${auditEvents.id} > ${opaque('after')}`)
    .orderBy(auditEvents.id)
    .limit(opaqueLimit)
    .prepare();
  const remove = db
    .delete(auditEvents)
    .where(eq(auditEvents.id, opaque('id')))
    .prepare();

  return {
    record: async (event) => write(() => record(event)),

    async audit({ userId = '', actions, since = 0, limit, before }) {
      const filter = {
        userId,
        actions: actions === undefined ? null : JSON.stringify(actions),
        since,
        limit,
        before: before ?? Number.MAX_SAFE_INTEGER,
      };
      return (userId === '' ? list : listOne).all(filter);
    },

    purgeAudit: async (before, limit) =>
      writeSlice(() => {
        const old = oldest.all({ after: 0, limit }).filter(({ at }) => at < before);
        for (const { id } of old) remove.run({ id });
        return old.length;
      }),
  };
}
