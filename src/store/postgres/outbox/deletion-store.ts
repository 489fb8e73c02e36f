import { and, eq, sql } from 'drizzle-orm';
import { LONGEST_WAIT_MS } from '../../../core/outbox/batches.ts';
import type { Deletion, DeletionStore, DueDeletion } from '../../../core/outbox/store.ts';
import type { Session } from '../../../core/sessions/session.ts';
import { pendingRef } from '../../../core/tokens/delivery.ts';
import { param } from '../../statement.ts';
import type { Connection, Transaction } from '../connection.ts';
import { deletions } from '../schema.ts';
import { db, statement } from '../statement.ts';

const isIt = eq(deletions.messageRef, param('messageRef'));

const note = statement(
  db
    .insert(deletions)
    .values({
      messageRef: param('messageRef'),
      userId: param('userId'),
      dueAt: param('dueAt'),
    })
    .onConflictDoNothing(),
);
const arrive = statement<{ place: string }>(
  db
    .delete(deletions)
    .where(and(isIt, eq(deletions.attempts, 0)))
    .returning({ place: deletions.messageRef }),
);
/** What is due, or comes from a clock that was wrong; one that another process takes is skipped. */
const takeWhere = (which: ReturnType<typeof sql>) =>
  statement<DueDeletion>(sql`
    update ${deletions} set attempts = attempts + 1, due_at = ${param('again')}
    where place = (select place from ${deletions} where ${which}
      order by due_at limit 1 for update skip locked)
    returning place as "messageRef", attempts`);
const takeDue = takeWhere(sql`due_at <= ${param('now')}`);
const takeMisdated = takeWhere(sql`due_at > ${param('latest')}`);
const drop = statement(sql`delete from ${deletions} where ${isIt}`);
const postpone = statement(sql`update ${deletions} set due_at = ${param('until')} where ${isIt}`);

/**
 * That the token of a session was delivered, and when its message is to be deleted; false for one of which
 * its owner was told, or is about to be, that it does not work.
 */
export async function settleDelivery(
  tx: Transaction,
  session: Session,
  deletion: Deletion | null | undefined,
): Promise<boolean> {
  if (deletion === undefined) return true;
  const arrived = tx.get(arrive, { messageRef: pendingRef(session) });
  // Undone with all else if nothing was awaited.
  if (deletion !== null) tx.run(note, { ...deletion, userId: session.userId });
  return (await arrived) !== undefined;
}

export function createDeletionStore({ get, write }: Connection): DeletionStore {
  return {
    expectDelivery: (session, dueAt) =>
      write(async (tx) =>
        tx.run(note, { messageRef: pendingRef(session), userId: session.userId, dueAt }),
      ),

    async takeDeletion(now, again) {
      // A look costs no lock.
      const latest = now + LONGEST_WAIT_MS;
      if (!(await get(anyDue, { now, latest }))?.due) return null;
      return write(async (tx) => {
        const taken = await tx.get(takeDue, { now, again });
        return taken ?? (await tx.get(takeMisdated, { latest, again })) ?? null;
      });
    },

    dropDeletion: (messageRef) => write(async (tx) => tx.run(drop, { messageRef })),

    postponeDeletion: (messageRef, until) =>
      write(async (tx) => tx.run(postpone, { messageRef, until })),
  };
}

const anyDue = statement<{ due: boolean }>(sql`
  select exists(select 1 from ${deletions} where due_at <= ${param('now')})
    or exists(select 1 from ${deletions} where due_at > ${param('latest')}) as due`);
