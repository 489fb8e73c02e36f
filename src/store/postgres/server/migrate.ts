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

/** What is read out of a migration: the oldest one that a version must know to go on beside it. */
const READABLE = /^-- readable from (\d{4})$/m;

// Each process adds the tables, and then waits for the one row. The first to have it migrates. Not an advisory
// lock: poolers and what speaks PostgreSQL's protocol besides know none.
const TABLES = [
  `create table if not exists latchkey_migrations (
    written_at bigint primary key, hash text not null, readable_from bigint)`,
  'create table if not exists latchkey_schema (one int primary key check (one = 1))',
  'insert into latchkey_schema (one) values (1) on conflict do nothing',
];
/** What two processes meet that create the same table at once. */
const CREATED_MEANWHILE = /^(23505|42P07|42710|40001|40P01)$/;
const MIGRATE_WITHIN_MS = 120_000;

/**
 * Brings the schema up to date, all or nothing, by one process at a time; returns how many migrations it
 * lacked.
 * @throws UnusableDatabase where a newer version brought it further than this one can read it
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
  const rows = await run(
    'select written_at, readable_from from latchkey_migrations order by written_at',
  );
  const applied = rows as readonly { written_at: number; readable_from: number | null }[];
  const newest = migrations.at(-1)?.folderMillis ?? 0;
  const newer = applied.filter(({ written_at }) => written_at > newest);
  if (newer.some(({ readable_from }) => readable_from === null || readable_from > newest)) {
    throw new UnusableDatabase(
      'The database was brought up to date by a newer version of Latchkey, which this one cannot read. Start that version.',
    );
  }
  const last = applied.at(-1)?.written_at ?? 0;
  const missing = migrations.filter(({ folderMillis }) => folderMillis > last);
  for (const { sql, hash, folderMillis } of missing) {
    for (const each of sql) await run(each);
    const since = READABLE.exec(sql.join('\n'))?.[1];
    const readableFrom = since === undefined ? null : migrations[Number(since)]?.folderMillis;
    await run(
      'insert into latchkey_migrations (written_at, hash, readable_from) values ($1, $2, $3)',
      [folderMillis, hash, readableFrom ?? null],
    );
  }
  await run('commit');
  return missing.length;
}
