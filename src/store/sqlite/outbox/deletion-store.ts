import { and, asc, eq, sql } from 'drizzle-orm';
import { LONGEST_WAIT_MS } from '../../../core/outbox/batches.ts';
import type { DeletionStore } from '../../../core/outbox/store.ts';
import { pendingRef } from '../../../core/tokens/delivery.ts';
import type { Connection } from '../connection.ts';
import { deletions } from '../schema.ts';
import type { SettleDelivery } from '../sessions/session-store.ts';
import { opaque } from '../statement.ts';

export function createDeletionStore({ db, write }: Connection) {
  const due = db
    .select()
    .from(deletions)
    .where(sql`${deletions.dueAt} <= ${opaque('now')}`)
    .orderBy(asc(deletions.dueAt))
    .prepare();
  const misdated = db
    .select()
    .from(deletions)
    .where(sql`${deletions.dueAt} > ${opaque('latest')}`)
    .prepare();

  function findDue(now: number) {
    return due.get({ now }) ?? misdated.get({ latest: now + LONGEST_WAIT_MS });
  }

  const settle: SettleDelivery = (session, deletion) => {
    const { changes } = db
      .delete(deletions)
      .where(and(eq(deletions.messageRef, pendingRef(session)), eq(deletions.attempts, 0)))
      .run();
    if (changes === 0) return false;
    if (deletion !== null) {
      const row = { ...deletion, userId: session.userId };
      db.insert(deletions).values(row).onConflictDoNothing().run();
    }
    return true;
  };

  const store: DeletionStore = {
    expectDelivery: async (session, lostAt) =>
      write(() => {
        const { userId } = session;
        const row = { messageRef: pendingRef(session), userId, dueAt: lostAt };
        db.insert(deletions).values(row).run();
      }),

    async takeDeletion(now, again) {
      // A look costs no lock.
      if (findDue(now) === undefined) return null;
      return write(() => {
        const row = findDue(now);
        if (row === undefined) return null;
        const { messageRef } = row;
        const attempts = row.attempts + 1;
        db.update(deletions)
          .set({ attempts, dueAt: again })
          .where(eq(deletions.messageRef, messageRef))
          .run();
        return { messageRef, attempts };
      });
    },

    dropDeletion: async (messageRef) =>
      write(() => {
        db.delete(deletions).where(eq(deletions.messageRef, messageRef)).run();
      }),

    postponeDeletion: async (messageRef, until) =>
      write(() => {
        db.update(deletions)
          .set({ dueAt: until })
          .where(eq(deletions.messageRef, messageRef))
          .run();
      }),
  };

  return { settle, store };
}
