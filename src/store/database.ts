import type { Store } from '../core/store.ts';
import type { DatabaseDeps, OpenDatabase } from './open-database.ts';
import type { ServerConfig } from './postgres/server/open.ts';
import type { FileConfig } from './sqlite/file/care.ts';
import type { Listeners } from './sqlite/sqlite-store.ts';

export interface DatabaseConfig {
  /** The one place that decides between the engines. */
  readonly database: { readonly file: string } | { readonly url: string };
  readonly connections: ServerConfig['connections'];
  readonly backups?: FileConfig['backups'];
  readonly checkedBelowBytes?: FileConfig['checkedBelowBytes'];
}

/**
 * Opens the database that the configuration names, and looks after it.
 * @throws StoreError, with the way out; UnusableDatabase where another start would end the same way
 */
export async function openDatabase(
  { database, ...config }: DatabaseConfig,
  deps: DatabaseDeps,
): Promise<OpenDatabase> {
  if ('url' in database) {
    const { openServer } = await import('./postgres/server/open.ts');
    return openServer({ ...database, ...config }, deps);
  }
  const { openFile } = await import('./sqlite/file/care.ts');
  return openFile({ databaseFile: database.file, ...config }, deps);
}

/**
 * The same database for a process that only uses it: the one that looks after it has opened and checked
 * it before, and hears of damage from this one.
 */
export async function useDatabase(
  { database, ...config }: DatabaseConfig,
  { onDamage, ...deps }: DatabaseDeps & Pick<Listeners, 'onDamage'>,
): Promise<Store> {
  if ('url' in database) {
    const { useServer } = await import('./postgres/server/open.ts');
    return useServer({ ...database, ...config }, deps);
  }
  const { openStore } = await import('./sqlite/file/open.ts');
  return openStore(database.file, { checkedBelowBytes: 0, onDamage, onRecorded: deps.onRecorded });
}
