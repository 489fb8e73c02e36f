import Database from 'better-sqlite3';
import type { MigrationMeta } from 'drizzle-orm/migrator';
import { knownMigrations, schemaOf } from './database-file.ts';

/** What SQLite makes by itself, where it is asked for statistics. */
const STATISTICS = ['sqlite_stat1', 'sqlite_stat4'];

/** Applies migrations, and notes that it did. The table is drizzle's. Within a transaction. */
export function applyMigrations(
  database: Database.Database,
  migrations: readonly MigrationMeta[],
): void {
  database.exec(
    'create table if not exists __drizzle_migrations (id integer primary key, hash text not null, created_at numeric)',
  );
  const note = database.prepare(
    'insert into __drizzle_migrations (hash, created_at) values (?, ?)',
  );
  for (const { sql, hash, folderMillis } of migrations) {
    for (const statement of sql) database.exec(statement);
    note.run(hash, folderMillis);
  }
}

/**
 * What a database has that its migrations do not make, or lacks, or has in another form: `trigger spy`.
 * A trigger would act on its own once the database is in use. Undefined if there is no such thing.
 */
export function foreignPart(database: Database.Database): string | undefined {
  const made = new Database(':memory:');
  try {
    const applied = schemaOf(database);
    applyMigrations(
      made,
      knownMigrations().filter(({ folderMillis }) => folderMillis <= applied),
    );
    const [expected, found] = [partsOf(made), partsOf(database)];
    const names = [...found.keys(), ...expected.keys()];
    return names.find((name) => found.get(name) !== expected.get(name));
  } finally {
    made.close();
  }
}

/** Each part of the schema, by its kind and name, with the statement that makes it. */
function partsOf(database: Database.Database): Map<string, string> {
  const parts = database.prepare<[], Record<'type' | 'name' | 'tbl_name' | 'sql', string>>(
    'select type, name, tbl_name, sql from sqlite_schema',
  );
  const ours = parts
    .all()
    .filter(({ type, name }) => type !== 'table' || !STATISTICS.includes(name));
  return new Map(ours.map((part) => [`${part.type} ${part.name}`, JSON.stringify(part)]));
}
