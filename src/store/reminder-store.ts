import { and, eq, isNull, sql } from 'drizzle-orm';
import * as audit from '../core/audit.ts';
import type { Act } from '../core/audit.ts';
import type { SessionId, UserId } from '../core/actor.ts';
import type { ReminderStore } from '../core/ports.ts';
import { nextReminder, reminderAt, TOGETHER_MS } from '../core/reminders.ts';
import type { Instant } from '../core/session.ts';
import type { RecordEvent } from './audit-store.ts';
import type { Connection } from './connection.ts';
import { sessions } from './schema.ts';
import { isLive, isOwn, sessionColumns, toSession } from './session-statements.ts';
import { opaque, opaqueLimit } from './statement.ts';

/** Which owners of API tokens are to be told next that one expires, and when. */
export function createReminderStore(
  { db, write, writeSlice }: Connection,
  record: RecordEvent,
  isBannedNow: (userId: UserId, now: Instant) => boolean,
): ReminderStore {
  const due = db
    .select(sessionColumns)
    .from(sessions)
    .where(sql`${sessions.remindAt} <= ${opaque('now')}`)
    .orderBy(sessions.remindAt)
    .limit(opaqueLimit)
    .prepare();
  const soon = db
    .select({ ...sessionColumns, remindAt: sql<number>`${sessions.remindAt}` })
    .from(sessions)
    .where(
      and(
        isOwn,
        isLive,
        isNull(sessions.rotatedAt),
        sql`${sessions.remindAt} > ${opaque('now')}`,
        sql`${sessions.remindAt} <= ${opaque('soon')}`,
      ),
    )
    .orderBy(sessions.remindAt)
    .prepare();
  const setNext = db
    .update(sessions)
    .set({ remindAt: opaque('at') })
    .where(eq(sessions.id, opaque('id')))
    .prepare();
  const setNone = db
    .update(sessions)
    .set({ remindAt: sql`null` })
    .where(and(eq(sessions.id, opaque('id')), isOwn))
    .prepare();

  /** Says now what the owner would hear of soon, of at most `most`; returns of how many. */
  function remindSoon(
    act: Act,
    userId: UserId,
    told: ReadonlySet<SessionId>,
    most: number,
  ): number {
    const rows = soon
      .all({ userId, now: act.at, soon: act.at + TOGETHER_MS })
      .filter((row) => reminderAt(row, row.remindAt) === 'token.expiring')
      .slice(0, most);
    for (const row of rows) {
      setNext.run({ id: row.id, at: nextReminder(row, row.remindAt) });
      // One that was looked at late is told of once.
      if (!told.has(row.id)) record(audit.told(act, 'token.expiring', row));
    }
    return rows.length;
  }

  return {
    remind: async (act, limit) =>
      writeSlice(() => {
        const rows = due.all({ now: act.at, limit });
        const told = new Set<SessionId>();
        const owners = new Set<UserId>();
        for (const session of rows.map(toSession)) {
          const { id, userId } = session;
          setNext.run({ id, at: nextReminder(session, act.at) });
          const action = session.ended === null ? reminderAt(session, act.at) : null;
          if (action === null || isBannedNow(userId, act.at)) continue;
          record(audit.told(act, action, session));
          told.add(id);
          if (action === 'token.expiring') owners.add(userId);
        }
        let left = limit;
        for (const userId of owners) {
          if (left === 0) break;
          left -= remindSoon(act, userId, told, left);
        }
        return rows.length;
      }),

    stopReminders: async (userId, id) =>
      write(() => {
        setNone.run({ userId, id });
      }),
  };
}
