import { sql } from 'drizzle-orm';
import { isBanned } from '../../../core/accounts/account.ts';
import { planReminders, TOGETHER_MS } from '../../../core/sessions/reminders.ts';
import type { ReminderStore } from '../../../core/sessions/store.ts';
import { type SessionRow, toSession } from '../../rows.ts';
import { named, param } from '../../statement.ts';
import { findAccount } from '../accounts/account-store.ts';
import type { RecordEvents } from '../audit-store.ts';
import { idParam } from '../columns.ts';
import type { Connection, Transaction } from '../connection.ts';
import { sessions } from '../schema.ts';
import { db, statement } from '../statement.ts';
import { namedColumns, sessionColumns } from './session-statements.ts';

/** How far the slice is exceeded for an owner with many tokens, who hears of them in one message. */
const MOST_OF_ONE = 2;

const isDue = sql`${sessions.remindAt} <= ${param('now')}`;
// What another process has in hand is its to tell.
const due = statement<SessionRow>(
  db
    .select(namedColumns)
    .from(sessions)
    .where(isDue)
    .orderBy(sessions.remindAt)
    .limit(param('limit'))
    .for('update', { skipLocked: true }),
);
const ownDue = statement<SessionRow>(
  db
    .select(namedColumns)
    .from(sessions)
    .where(sql`${sessions.userId} = ${param('userId')} and ${isDue}`)
    .orderBy(sessions.remindAt)
    .limit(param('limit'))
    .for('update', { skipLocked: true }),
);
const soon = statement<SessionRow & { readonly remindAt: number }>(
  db
    .select(named({ ...sessionColumns, remindAt: sessions.remindAt }))
    .from(sessions)
    .where(
      sql`${sessions.userId} = ${param('userId')} and ${sessions.endedAt} is null
        and ${sessions.expiresAt} > ${param('now')} and ${sessions.rotatedAt} is null
        and ${sessions.remindAt} > ${param('now')} and ${sessions.remindAt} <= ${param('soon')}`,
    )
    .orderBy(sessions.remindAt)
    .for('update', { skipLocked: true }),
);
const anyDue = statement<{ due: boolean }>(
  sql`select exists(select 1 from ${sessions} where ${isDue}) as due`,
);
const setNext = statement(sql`
  update ${sessions} set remind_at = given.at
  from unnest(${param('ids')}::uuid[], ${param('ats')}::bigint[]) as given(id, at)
  where ${sessions.id} = given.id`);
const setNone = statement(sql`
  update ${sessions} set remind_at = null
  where ${sessions.id} = ${idParam('id')} and ${sessions.userId} = ${param('userId')}`);

/** Which owners of API tokens are to be told next that one expires, and when. */
export function createReminderStore(
  { get, write }: Connection,
  record: RecordEvents,
): ReminderStore {
  /** Returns of how many sessions the owner was told, or could have been. */
  async function remindOwner(
    tx: Transaction,
    act: Parameters<ReminderStore['remind']>[0],
    userId: string,
    rows: readonly SessionRow[],
    most: number,
  ): Promise<number> {
    const { at: now } = act;
    const [account, upcoming] = await Promise.all([
      findAccount(tx, userId),
      tx.all(soon, { userId, now, soon: now + TOGETHER_MS }),
    ]);
    const facts = {
      isBanned: isBanned(account, now),
      due: rows.map(toSession),
      soon: upcoming.map(({ remindAt, ...row }) => ({ ...toSession(row), remindAt })),
    };
    const { next, events } = planReminders(act, facts, most);
    tx.run(setNext, { ids: next.map(({ id }) => id), ats: next.map(({ at }) => at) });
    await record(tx, events);
    return next.length;
  }

  async function remindSome(
    tx: Transaction,
    act: Parameters<ReminderStore['remind']>[0],
    limit: number,
  ): Promise<number> {
    const most = MOST_OF_ONE * limit;
    const rows = await tx.all(due, { now: act.at, limit });
    let [looked, written] = [0, 0];
    for (const [userId, some] of Map.groupBy(rows, (row) => row.userId)) {
      if (written >= limit) break;
      // In a full slice some may be missing, which belong into the same message.
      const own =
        rows.length < limit ? some : await tx.all(ownDue, { userId, now: act.at, limit: most });
      looked += own.length;
      written += await remindOwner(tx, act, userId, own, most);
    }
    return looked;
  }

  return {
    async remind(act, limit) {
      // A look costs no lock.
      if (!(await get(anyDue, { now: act.at }))?.due) return 0;
      return write((tx) => remindSome(tx, act, limit));
    },

    stopReminders: (userId, id) => write(async (tx) => tx.run(setNone, { userId, id })),
  };
}
