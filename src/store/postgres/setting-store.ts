import { eq, sql } from 'drizzle-orm';
import type { SettingStore } from '../../core/settings.ts';
import { named, param } from '../statement.ts';
import type { Connection } from './connection.ts';
import { settings } from './schema.ts';
import { db, statement } from './statement.ts';

const isIt = eq(settings.name, param('name'));
const find = statement<{ value: unknown }>(
  db
    .select(named({ value: settings.value }))
    .from(settings)
    .where(isIt),
);
const save = statement(
  db
    .insert(settings)
    .values({ name: param('name'), value: param('value') })
    .onConflictDoUpdate({ target: settings.name, set: { value: sql`excluded.value` } }),
);
const drop = statement(db.delete(settings).where(isIt));

export function createSettingStore({ get, write }: Connection): SettingStore {
  return {
    findSetting: async (name) => (await get(find, { name }))?.value,

    saveSetting: (name, value) =>
      write(async (tx) => {
        if (value === null) tx.run(drop, { name });
        else tx.run(save, { name, value });
      }),
  };
}
