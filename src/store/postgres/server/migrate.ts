import { type MigrationMeta, readMigrationFiles } from 'drizzle-orm/migrator';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { UnusableDatabase } from '../../store-error.ts';
import type { Driver, DriverConnection } from './driver.ts';
import { byDriver, DatabaseFailure } from './failures.ts';

const MIGRATIONS = fileURLToPath(new URL('../../../../drizzle/postgres', import.meta.url));

/** Every migration of this version, oldest first. */
export function knownMigrations(): MigrationMeta[] {
  return readMigrationFiles({ migrationsFolder: MIGRATIONS });
}

/** A migration that a version before it must not be used with says so in a line of its own. */
const CLOSES = '-- closes the schema to versions before this one';

// Each process adds the tables, and then waits for the one row. The first to have it migrates. Not an advisory
// lock: poolers and what speaks PostgreSQL's protocol besides know none.
const TABLES = [
  `create table if not exists latchkey_migrations (
    written_at bigint primary key, hash text not null, closes boolean not null)`,
  'create table if not exists latchkey_schema (one int primary key check (one = 1))',
  'insert into latchkey_schema (one) values (1) on conflict do nothing',
];
/** What two processes meet that create the same table at once. */
const CREATED_MEANWHILE = /^(23505|42P07|42710|40001|40P01)$/;
const MIGRATE_WITHIN_MS = 120_000;

/**
 * Brings the schema up to date, all or nothing, by one process at a time; returns how many migrations it
 * lacked.
 * @throws UnusableDatabase where a newer version closed it to this one
 */
export async function migrate(
  driver: Pick<Driver, 'connect'>,
  migrations: readonly MigrationMeta[] = knownMigrations(),
): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const connection = await byDriver(driver.connect());
    let isDone = false;
    try {
      const applied = await migrateOn(connection, migrations);
      isDone = true;
      return applied;
    } catch (error) {
      if (!(error instanceof DatabaseFailure) || !CREATED_MEANWHILE.test(error.state)) throw error;
      if (attempt === 20) throw error;
    } finally {
      connection.release(!isDone);
    }
    await delay(25 * attempt);
  }
}

async function migrateOn(
  connection: DriverConnection,
  migrations: readonly MigrationMeta[],
): Promise<number> {
  const run = async (text: string, values?: unknown[]) =>
    (await byDriver(connection.query(values === undefined ? { text } : { text, values }))).rows;
  for (const each of TABLES) await run(each);
  await run(
    `begin isolation level read committed; set local lock_timeout = ${MIGRATE_WITHIN_MS}; set local statement_timeout = 0`,
  );
  await run('select one from latchkey_schema for update');
  const rows = await run('select written_at, closes from latchkey_migrations order by written_at');
  const applied = rows as readonly { written_at: number; closes: boolean }[];
  const newest = migrations.at(-1)?.folderMillis ?? 0;
  if (applied.some(({ written_at, closes }) => written_at > newest && closes)) {
    throw new UnusableDatabase(
      'The database was brought up to date by a newer version of Latchkey, which this one does not understand. Start that version.',
    );
  }
  const last = applied.at(-1)?.written_at ?? 0;
  const missing = migrations.filter(({ folderMillis }) => folderMillis > last);
  for (const { sql, hash, folderMillis } of missing) {
    for (const each of sql) await run(each);
    const closes = sql.some((each) => each.includes(CLOSES));
    await run('insert into latchkey_migrations (written_at, hash, closes) values ($1, $2, $3)', [
      folderMillis,
      hash,
      closes,
    ]);
  }
  await run('commit');
  return missing.length;
}
