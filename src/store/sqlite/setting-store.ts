import { eq } from 'drizzle-orm';
import type { SettingStore } from '../../core/settings.ts';
import type { Connection } from './connection.ts';
import { settings } from './schema.ts';
import { opaque } from './statement.ts';

export function createSettingStore({ db, write }: Pick<Connection, 'db' | 'write'>): SettingStore {
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
  };
}
