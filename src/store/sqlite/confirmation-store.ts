import { and, eq, lte, sql } from 'drizzle-orm';
import type { ConfirmationStore } from '../../core/staff/store.ts';
import type { Connection } from './connection.ts';
import { confirmations } from './schema.ts';

export function createConfirmationStore({
  db,
  write,
}: Pick<Connection, 'db' | 'write'>): ConfirmationStore {
  return {
    saveConfirmation: async (question) =>
      write(() => {
        db.insert(confirmations).values(question).run();
      }),

    takeConfirmation: async (id, userId, now) =>
      write(() => {
        const [answered] = db
          .delete(confirmations)
          .where(
            and(
              eq(confirmations.id, id),
              eq(confirmations.userId, userId),
              sql`${confirmations.expiresAt} > ${now}`,
            ),
          )
          .returning({ act: confirmations.act })
          .all();
        return answered?.act ?? null;
      }),

    purgeConfirmations: async (now, limit) =>
      write(() => {
        const over = db
          .select({ id: confirmations.id })
          .from(confirmations)
          .where(lte(confirmations.expiresAt, now))
          .limit(limit);
        return db
          .delete(confirmations)
          .where(sql`${confirmations.id} in ${over}`)
          .run().changes;
      }),
  };
}
