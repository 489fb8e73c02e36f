import { and, eq, lte, sql } from 'drizzle-orm';
import type { UpkeepStore } from '../core/ports.ts';
import type { Connection } from './connection.ts';
import { leases, questions, settings } from './schema.ts';
import { opaque } from './statement.ts';

/** How far apart the clocks of two processes may be. */
const SKEW_MS = 60_000;

export function createUpkeepStore({ database, db, write, isWritable }: Connection): UpkeepStore {
  const find = db
    .select({ value: settings.value })
    .from(settings)
    .where(eq(settings.name, opaque('name')))
    .prepare();

  return {
    findSetting: async (name) => find.get({ name })?.value,

    saveSetting: async (name, value) =>
      write(() => {
        db.delete(settings).where(eq(settings.name, name)).run();
        if (value !== null) db.insert(settings).values({ name, value }).run();
      }),

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

    takeLease: async (name, holder, now, ms) =>
      write(() => {
        const until = now + ms;
        const latest = until + SKEW_MS;
        const { changes } = db
          .insert(leases)
          .values({ name, holder, until })
          .onConflictDoUpdate({
            target: leases.name,
            set: { holder, until },
            setWhere: sql`${leases.holder} = ${holder} or ${leases.until} <= ${now} or ${leases.until} > ${latest}`,
          })
          .run();
        return changes > 0;
      }),

    dropLease: async (name, holder) =>
      write(() => {
        db.delete(leases)
          .where(and(eq(leases.name, name), eq(leases.holder, holder)))
          .run();
      }),

    async ping() {
      database.prepare('select 1').get();
    },

    isWritable: async () => isWritable(),

    async close() {
      database.close();
    },
  };
}
