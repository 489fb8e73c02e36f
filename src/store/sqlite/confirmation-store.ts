import { and, eq, lte, sql } from 'drizzle-orm';
import type { ConfirmationStore } from '../../core/staff/store.ts';
import type { Connection } from './connection.ts';
import { questions } from './schema.ts';

export function createConfirmationStore({
  db,
  write,
}: Pick<Connection, 'db' | 'write'>): ConfirmationStore {
  return {
    ask: async (question) =>
      write(() => {
        db.insert(questions).values(question).run();
      }),

    answer: async (id, userId, now) =>
      write(() => {
        const [answered] = db
          .delete(questions)
          .where(
            and(
              eq(questions.id, id),
              eq(questions.userId, userId),
              sql`${questions.expiresAt} > ${now}`,
            ),
          )
          .returning({ act: questions.act })
          .all();
        return answered?.act ?? null;
      }),

    purgeQuestions: async (now, limit) =>
      write(() => {
        const over = db
          .select({ id: questions.id })
          .from(questions)
          .where(lte(questions.expiresAt, now))
          .limit(limit);
        return db
          .delete(questions)
          .where(sql`${questions.id} in ${over}`)
          .run().changes;
      }),
  };
}
