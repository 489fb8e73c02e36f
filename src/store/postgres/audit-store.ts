import { and, desc, eq, gt, gte, lt, sql } from 'drizzle-orm';
import { ALL_NOTICES, type NoticeSettings } from '../../core/accounts/notice.ts';
import type { UserId } from '../../core/actor.ts';
import type { AuditEvent } from '../../core/audit/audit.ts';
import { noticeOf, recipientsOf } from '../../core/audit/recipients.ts';
import type { AuditRow } from '../../core/audit/audit.ts';
import type { AuditStore } from '../../core/audit/store.ts';
import { toAuditRow } from '../rows.ts';
import { named, param } from '../statement.ts';
import { lockAccounts } from './accounts/account-lock.ts';
import { findNotices } from './accounts/notice-store.ts';
import { toJson } from './columns.ts';
import type { Connection, Transaction } from './connection.ts';
import { auditEvents, outbox, sessions } from './schema.ts';
import { db, statement } from './statement.ts';
import { isRecorded } from './traces.ts';

/** Writes events down, and the messages that are owed about them. */
export type RecordEvents = (tx: Transaction, events: readonly AuditEvent[]) => Promise<void>;

export const auditColumns = {
  id: auditEvents.id,
  at: auditEvents.at,
  actorKind: auditEvents.actorKind,
  actorId: auditEvents.actorId,
  actorSessionId: auditEvents.actorSessionId,
  actorHint: sql`(select hint from ${sessions} as acting where acting.id = ${auditEvents.actorSessionId})`,
  requestId: auditEvents.requestId,
  action: auditEvents.action,
  userId: auditEvents.userId,
  sessionId: auditEvents.sessionId,
  detail: auditEvents.detail,
};

/** All of an act's in one statement; they have their ids before they are written, in their order. */
const insert = statement(sql`
  with given as materialized (
    select nextval(pg_get_serial_sequence('audit_events', 'id')) as id, each.*
    from json_to_recordset(${param('events')}::json) as each(
      "at" bigint, "actorKind" text, "actorId" text, "actorSessionId" uuid, "requestId" text,
      "action" text, "userId" text, "sessionId" uuid, "detail" jsonb, "recipients" json)),
  written as (
    insert into ${auditEvents}
      (id, at, actor_kind, actor_id, actor_session_id, request_id, action, user_id, session_id, detail)
    select "id", "at", "actorKind", "actorId", "actorSessionId", "requestId", "action", "userId",
      "sessionId", "detail" from given)
  insert into ${outbox} (event_id, recipient, due_at)
  select given.id, owed.recipient, given.at
  from given cross join lateral json_array_elements_text(given.recipients) as owed(recipient)
  order by given.id`);

/** `onRecorded` hears of each event once it is kept. */
export function createRecord(onRecorded?: (event: AuditEvent) => void): RecordEvents {
  return async (tx, events) => {
    if (events.length === 0) return;
    const notices = new Map<UserId, NoticeSettings>();
    for (const event of events) {
      const notice = noticeOf(event);
      if (notice === null || notice === 'warning' || notices.has(event.userId)) continue;
      notices.set(event.userId, await findNotices(tx, event.userId));
    }
    const rows = events.map((event) => ({
      ...toAuditRow(event),
      recipients: recipientsOf(event, (userId) => notices.get(userId) ?? ALL_NOTICES),
    }));
    tx.run(insert, { events: toJson(rows) });
    if (onRecorded === undefined) return;
    tx.onceKept(() => {
      for (const event of events) onRecorded(event);
    });
  };
}

const isSelected = and(
  lt(auditEvents.id, param('before')),
  gte(auditEvents.at, param('since')),
  sql`(${param('actions')}::text[] is null or ${auditEvents.action} = any(${param('actions')}))`,
);
const list = statement<AuditRow>(
  db
    .select(named(auditColumns))
    .from(auditEvents)
    .where(isSelected)
    .orderBy(desc(auditEvents.id))
    .limit(param('limit')),
);
const listOne = statement<AuditRow>(
  db
    .select(named(auditColumns))
    .from(auditEvents)
    .where(and(eq(auditEvents.userId, param('userId')), isSelected))
    .orderBy(desc(auditEvents.id))
    .limit(param('limit')),
);
const oldest = db
  .select({ id: auditEvents.id, at: auditEvents.at })
  .from(auditEvents)
  .where(gt(auditEvents.id, sql`0`))
  .orderBy(auditEvents.id)
  .limit(param('limit'))
  .as('oldest');
const removeOld = statement<{ id: number }>(
  sql`delete from ${auditEvents} where ${auditEvents.id} in
    (select ${oldest.id} from ${oldest} where ${oldest.at} < ${param('until')})
    returning ${auditEvents.id}`,
);

export function createAuditStore({ all, write }: Connection, record: RecordEvents): AuditStore {
  return {
    record: (event) =>
      write(async (tx) => {
        const locking = lockAccounts(tx, [event.userId]);
        if (tx.mayBeKept && (await isRecorded(tx, event))) return locking;
        await Promise.all([locking, record(tx, [event])]);
      }),

    audit({ userId, actions, since = 0, limit, before = Number.MAX_SAFE_INTEGER }) {
      const filter = { actions: actions ?? null, since, limit, before };
      return userId === undefined || userId === ''
        ? all(list, filter)
        : all(listOne, { ...filter, userId });
    },

    purgeAudit: (before, limit) =>
      write(async (tx) => (await tx.all(removeOld, { until: before, limit })).length),
  };
}
