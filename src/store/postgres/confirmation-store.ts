import { eq, sql } from 'drizzle-orm';
import type { ConfirmationStore } from '../../core/staff/store.ts';
import { param } from '../statement.ts';
import type { Connection } from './connection.ts';
import { confirmations } from './schema.ts';
import { db, statement } from './statement.ts';

const save = statement(
  db
    .insert(confirmations)
    .values({
      id: param('id'),
      userId: param('userId'),
      act: param('act'),
      expiresAt: param('expiresAt'),
    })
    .onConflictDoNothing(),
);
// Exactly one of those who ask gets it.
const take = statement<{ act: never }>(sql`
  delete from ${confirmations} where ${eq(confirmations.id, param('id'))}
    and ${eq(confirmations.userId, param('userId'))}
    and ${confirmations.expiresAt} > ${param('now')}
  returning act`);
const purge = statement<{ id: string }>(sql`
  delete from ${confirmations} where id = any(array(
    select id from ${confirmations} where expires_at <= ${param('now')}
    order by id limit ${param('limit')} for update skip locked))
  returning id`);

export function createConfirmationStore({ write }: Connection): ConfirmationStore {
  return {
    saveConfirmation: (question) => write(async (tx) => tx.run(save, { ...question })),

    takeConfirmation: (id, userId, now) =>
      write(async (tx) => (await tx.get(take, { id, userId, now }))?.act ?? null),

    purgeConfirmations: (now, limit) =>
      write(async (tx) => (await tx.all(purge, { now, limit })).length),
  };
}
