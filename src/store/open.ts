import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import type { Store } from '../core/ports.ts';
import { createSqliteStore } from './sqlite.ts';

const MIGRATIONS = fileURLToPath(new URL('../../drizzle/sqlite', import.meta.url));

/** "LKEY": SQLite's `application_id`, by which a file is known to be ours. */
const APPLICATION_ID = 0x4c4b4559;

/** While starting; afterwards a busy file is not waited for, since that would hold up everything. */
const BUSY_TIMEOUT_MS = 10_000;

/** The database cannot be used as it is. The message is one sentence for the operator. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}

/**
 * Opens the database file at `path`, makes it if there is none, and brings its schema up to date.
 * @throws StoreError that names the file and the way out, if the file is not ours, is damaged, was
 * made by a newer version or cannot be written
 */
export function openStore(path: string): Store {
  return createSqliteStore(openDatabase(path));
}

/** The connection under {@link openStore}: checked, set up and migrated. */
export function openDatabase(path: string): Database.Database {
  const file = path === ':memory:' ? path : resolve(path);
  if (file !== ':memory:') createPrivately(file);
  let database: Database.Database | undefined;
  try {
    database = new Database(file, { timeout: BUSY_TIMEOUT_MS });
    requireOurs(database, file);
    requireSound(database, file);
    database.pragma('journal_mode = WAL');
    // An acknowledged revoke must outlive a power cut.
    database.pragma('synchronous = FULL');
    database.pragma('cache_size = -65536');
    database.pragma('trusted_schema = OFF');
    migrate(database, file);
    database.pragma('busy_timeout = 0');
    return database;
  } catch (error) {
    database?.close();
    throw explain(error, file);
  }
}

/**
 * Readable by nobody else from the first moment on, and again if it was opened to others; SQLite gives
 * its -wal and -shm files the mode of the database. Somebody else's file is left as it is.
 */
function createPrivately(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600));
    else if (statSync(file).isFile() && applicationIdOf(file) === APPLICATION_ID) {
      chmodSync(file, 0o600);
    }
  } catch (error) {
    throw unwritable(error, file);
  }
}

/** Read from the file's header (SQLite, "Database File Format", 1.3), before SQLite opens it. */
function applicationIdOf(file: string): number {
  const header = Buffer.alloc(100);
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, header);
  } finally {
    closeSync(descriptor);
  }
  return header.readUInt32BE(68);
}

function requireOurs(database: Database.Database, file: string): void {
  const id = database.pragma('application_id', { simple: true });
  const tables = database.prepare('select count(*) from sqlite_schema').pluck().get();
  if (id === APPLICATION_ID) return;
  if (id !== 0 || tables !== 0) {
    throw new StoreError(
      `${file} is the database of another program. Set DATABASE_URL to a file of Latchkey's own, or to a path where none is yet.`,
    );
  }
  database.pragma(`application_id = ${APPLICATION_ID}`);
}

function requireSound(database: Database.Database, file: string): void {
  const verdict = database.pragma('quick_check(1)', { simple: true });
  if (verdict !== 'ok') throw damaged(file);
}

/**
 * Applies the migrations that the file lacks, all or none of them. Not drizzle's own runner: that one
 * reads what is applied before it takes the write lock, so of two processes that start together one
 * would fail. The table is drizzle's.
 */
function migrate(database: Database.Database, file: string): void {
  const known = readMigrationFiles({ migrationsFolder: MIGRATIONS });
  const newest = Math.max(...known.map(({ folderMillis }) => folderMillis));
  // A rebuilt table would otherwise take the rows that refer to it along.
  database.pragma('foreign_keys = OFF');
  database
    .transaction(() => {
      database.exec(
        'create table if not exists __drizzle_migrations (id integer primary key, hash text not null, created_at numeric)',
      );
      const applied =
        database
          .prepare<[], number | null>('select max(created_at) from __drizzle_migrations')
          .pluck()
          .get() ?? 0;
      if (applied > newest) {
        throw new StoreError(
          `${file} was made by a newer version of Latchkey. Start that version, or set DATABASE_URL to a backup from before the upgrade.`,
        );
      }
      const note = database.prepare(
        'insert into __drizzle_migrations (hash, created_at) values (?, ?)',
      );
      const missing = known.filter(({ folderMillis }) => folderMillis > applied);
      for (const { sql, hash, folderMillis } of missing) {
        for (const statement of sql) database.exec(statement);
        note.run(hash, folderMillis);
      }
      // It looks at every row, and only a migration can have left one without what it refers to.
      if (missing.length === 0) return;
      if ((database.pragma('foreign_key_check') as unknown[]).length > 0) throw damaged(file);
    })
    .immediate();
  database.pragma('foreign_keys = ON');
}

function explain(error: unknown, file: string): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  if (error.code === 'SQLITE_NOTADB') {
    return new StoreError(
      `${file} is not an SQLite database. Set DATABASE_URL to Latchkey's own file, or move this one away so that a new one can be made.`,
      { cause: error },
    );
  }
  if (error.code.startsWith('SQLITE_BUSY')) {
    return new StoreError(
      `${file} is in use by another program, which has had it locked for ${BUSY_TIMEOUT_MS / 1000} s. End that program and start again.`,
      { cause: error },
    );
  }
  if (error.code.startsWith('SQLITE_CORRUPT')) return damaged(file, error);
  return unwritable(error, file);
}

function damaged(file: string, cause?: unknown): StoreError {
  return new StoreError(
    `${file} is damaged (SQLite's quick_check found errors). Keep it, put your newest backup in its place and start again.`,
    { cause },
  );
}

function unwritable(error: unknown, file: string): StoreError {
  const reason = error instanceof Error ? error.message : String(error);
  return new StoreError(
    `${file} cannot be opened for writing (${reason}). Give the user that runs Latchkey write access to the file and its folder, or set DATABASE_URL to another place.`,
    { cause: error },
  );
}
