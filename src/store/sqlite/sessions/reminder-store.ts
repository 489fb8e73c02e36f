import { and, eq, isNull, sql } from 'drizzle-orm';
import type { UserId } from '../../../core/actor.ts';
import type { Act } from '../../../core/audit/audit.ts';
import { planReminders, TOGETHER_MS } from '../../../core/sessions/reminders.ts';
import type { Session } from '../../../core/sessions/session.ts';
import type { ReminderStore } from '../../../core/sessions/store.ts';
import type { Instant } from '../../../core/time.ts';
import { toSession } from '../../rows.ts';
import type { RecordEvent } from '../audit-store.ts';
import type { Connection } from '../connection.ts';
import { sessions } from '../schema.ts';
import { opaque, opaqueLimit } from '../statement.ts';
import { isLive, isOwn, sessionColumns } from './session-statements.ts';

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

  /** Returns of how many sessions the owner was told, or could have been. */
  function remindOwner(act: Act, userId: UserId, rows: readonly Session[], most: number): number {
    const { at: now } = act;
    const facts = {
      isBanned: isBannedNow(userId, now),
      due: rows,
      soon: soon
        .all({ userId, now, soon: now + TOGETHER_MS })
        .map(({ remindAt, ...row }) => ({ ...toSession(row), remindAt })),
    };
    const { next, events } = planReminders(act, facts, most);
    for (const each of next) setNext.run(each);
    for (const event of events) record(event);
    return next.length;
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
