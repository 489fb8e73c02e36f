import { and, eq, isNull, sql } from 'drizzle-orm';
import * as audit from '../core/audit.ts';
import type { Act } from '../core/audit.ts';
import type { SessionId, UserId } from '../core/actor.ts';
import type { ReminderStore } from '../core/ports.ts';
import { nextReminder, reminderAt, TOGETHER_MS } from '../core/reminders.ts';
import type { Instant, Session } from '../core/session.ts';
import type { RecordEvent } from './audit-store.ts';
import type { Connection } from './connection.ts';
import { sessions } from './schema.ts';
import { isLive, isOwn, sessionColumns, toSession } from './session-statements.ts';
import { opaque, opaqueLimit } from './statement.ts';

/** How far the slice is exceeded for an owner with many tokens, who hears of them in one message. */
const MOST_OF_ONE = 2;

/** Which owners of API tokens are to be told next that one expires, and when. */
export function createReminderStore(
  { db, write, writeSlice }: Connection,
  record: RecordEvent,
  isBannedNow: (userId: UserId, now: Instant) => boolean,
): ReminderStore {
  const isDue = sql`${sessions.remindAt} <= ${opaque('now')}`;
  const due = db
    .select(sessionColumns)
    .from(sessions)
    .where(isDue)
    .orderBy(sessions.remindAt)
    .limit(opaqueLimit)
    .prepare();
  const ownDue = db
    .select(sessionColumns)
    .from(sessions)
    .where(and(isOwn, isDue))
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

  /** Tells the owner of what is due, and of what is near where that is an end to come; returns of how many. */
  function remindOwner(act: Act, userId: UserId, rows: readonly Session[], most: number): number {
    const told = new Set<SessionId>();
    const isBanned = isBannedNow(userId, act.at);
    let isEndNear = false;
    for (const session of rows) {
      setNext.run({ id: session.id, at: nextReminder(session, act.at) });
      const action = session.ended === null ? reminderAt(session, act.at) : null;
      if (action === null || isBanned) continue;
      record(audit.told(act, action, session));
      told.add(session.id);
      isEndNear ||= action === 'token.expiring';
    }
    return isEndNear
      ? rows.length + remindSoon(act, userId, told, most - rows.length)
      : rows.length;
  }

  function remindSome(act: Act, limit: number): number {
    const most = MOST_OF_ONE * limit;
    const rows = due.all({ now: act.at, limit }).map(toSession);
    let [looked, written] = [0, 0];
    for (const [userId, some] of Map.groupBy(rows, (session) => session.userId)) {
      if (written >= limit) break;
      // In a full slice some may be missing, which belong into the same message.
      const own =
        rows.length < limit
          ? some
          : ownDue.all({ userId, now: act.at, limit: most }).map(toSession);
      looked += own.length;
      written += remindOwner(act, userId, own, most);
    }
    return looked;
  }

  return {
    async remind(act, limit) {
      // A look costs no lock.
      if (due.get({ now: act.at, limit: 1 }) === undefined) return 0;
      return writeSlice(() => remindSome(act, limit));
    },

    stopReminders: async (userId, id) =>
      write(() => {
        setNone.run({ userId, id });
      }),
  };
}
