import Database from 'better-sqlite3';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Store } from '../../../core/store.ts';
import type { Instant } from '../../../core/time.ts';
import { createSqliteStore, type Listeners } from '../sqlite-store.ts';
import { backupName } from './backup-name.ts';
import { backUpNow } from './backup.ts';
import { Damage, damaged, findBackup, isDamage, requireSound } from './check.ts';
import {
  APPLICATION_ID,
  applicationIdOf,
  identityOf,
  knownMigrations,
  schemaOf,
} from './database-file.ts';
import { messageOf, StoreError, UnusableDatabase } from '../../store-error.ts';
import { applyMigrations } from './known-schema.ts';

export interface OpenOptions {
  /** Where backups are, besides those beside the file. */
  readonly backupFolder?: string | undefined;
  /** A file of this size or more is not checked at all: see {@link isCheckedLater}. */
  readonly checkedBelowBytes?: number | undefined;
  /** A backup with the name of a later time was named by a clock that was ahead. */
  readonly now?: Instant | undefined;
}

export type StoreOptions = OpenOptions & Listeners;

/**
 * A start waits for the checks of a file, some tenths of a second: for the thorough one up to the first of
 * these sizes, for the quick one up to the second.
 */
const THOROUGHLY_BELOW_BYTES = 32_000_000;
const CHECKED_BELOW_BYTES = 1_000_000_000;

/** While starting; afterwards a busy file is not waited for, since that would hold up everything. */
const BUSY_TIMEOUT_MS = 10_000;

/** Another process may be copying the database before it migrates it. */
const MIGRATION_TIMEOUT_MS = 120_000;

/** What SQLite and the system say where there is no room. */
const FULL = /^(SQLITE_FULL|SQLITE_IOERR_SHMSIZE|ENOSPC|EDQUOT)$/;

/**
 * Opens the database file at `path`, makes it if there is none, and brings its schema up to date; before
 * that a copy of it goes to `backupFolder`, or beside it.
 * @throws StoreError that names the file and the way out, if it cannot be written; UnusableDatabase if it is not
 * ours, is damaged, was lost or was made by a newer version
 */
export function openStore(path: string, options: StoreOptions = {}): Store {
  return createSqliteStore(openDatabase(path, options), options);
}

/** Whether the file is to be checked while it is in use, since opening it does not do so thoroughly. */
export function isCheckedLater(path: string, checkedBelowBytes = Infinity): boolean {
  return bytesOf(resolve(path)) >= Math.min(THOROUGHLY_BELOW_BYTES, checkedBelowBytes);
}

/** The connection under {@link openStore}: checked, set up and migrated. */
export function openDatabase(
  path: string,
  { backupFolder, checkedBelowBytes, now = Infinity }: OpenOptions = {},
): Database.Database {
  const file = path === ':memory:' ? path : resolve(path);
  const folder = resolve(backupFolder ?? dirname(file));
  const wayBack = () => findBackup(file, folder, now);
  if (file !== ':memory:') {
    requireNothingLost(file, wayBack);
    createPrivately(file);
  }
  const identity = identityOf(file);
  const writtenAt = lastWrittenAt(file);
  let database: Database.Database | undefined;
  try {
    database = new Database(file, { timeout: BUSY_TIMEOUT_MS });
    requireOurs(database, file);
    checkAtStart(database, bytesOf(file), checkedBelowBytes);
    writeAhead(database);
    // From here on a restore is refused; the file may have gone away under an earlier one.
    if (identityOf(file) !== identity) {
      throw new StoreError(`${file} was replaced while it was opened. Start again.`);
    }
    // An acknowledged revoke must outlive a power cut.
    database.pragma('synchronous = FULL');
    database.pragma('cache_size = -65536');
    // What a long reader made it grow to is given back once it is read in.
    database.pragma('journal_size_limit = 67108864');
    database.pragma('trusted_schema = OFF');
    migrate(database, file, (migration) => keepCopy(file, folder, migration, writtenAt));
    database.pragma('busy_timeout = 0');
    return database;
  } catch (error) {
    if (database !== undefined && isDamage(error)) closeAsItIs(database, file);
    else database?.close();
    throw explain(error, file, wayBack);
  }
}

/**
 * Whoever closes a database last brings its -wal into it, unless it may only read. What is to be kept
 * for somebody to rescue is not to be written to.
 */
function closeAsItIs(database: Database.Database, file: string): void {
  let last: Database.Database | undefined;
  try {
    if (sizeOf(walOf(file)) > 0) last = new Database(file, { readonly: true });
    last?.pragma('schema_version');
  } catch {
    // It has hold of the -wal all the same.
  }
  database.close();
  last?.close();
}

function checkAtStart(
  database: Database.Database,
  bytes: number,
  checkedBelowBytes = CHECKED_BELOW_BYTES,
): void {
  if (bytes >= checkedBelowBytes) return;
  requireSound(database, { thorough: bytes < THOROUGHLY_BELOW_BYTES });
}

/** With what is written ahead. */
function bytesOf(file: string): number {
  return sizeOf(file) + sizeOf(walOf(file));
}

function sizeOf(path: string): number {
  try {
    return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  } catch (error) {
    throw unwritable(error, path);
  }
}

/** What is written ahead of it: beside the file that a link leads to. */
function walOf(file: string): string {
  return `${existsSync(file) ? realpathSync(file) : file}-wal`;
}

/** To be asked before it is opened, which touches the -wal. */
function lastWrittenAt(file: string): Instant {
  const written = [file, walOf(file)].map(
    (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0,
  );
  return Math.max(...written);
}

/**
 * A path without a database is where a new one is made; or where one was, until a disk was not mounted
 * or a file was cut off.
 */
function requireNothingLost(file: string, wayBack: () => string | undefined): void {
  const wal = walOf(file);
  // In this order: another process that makes the database writes ahead only once there is one.
  const isWrittenAhead = sizeOf(wal) > 0;
  if (sizeOf(file) > 0) return;
  const lost = existsSync(file) ? `${file} is empty` : `There is no database at ${file}`;
  if (isWrittenAhead) {
    // SQLite would delete it.
    throw new UnusableDatabase(
      `${lost}, but ${wal}, which has its newest changes, is there. Put the database back beside it; to restore a backup: npm run restore -- FILE; to start anew, move ${wal} away.`,
    );
  }
  const backup = wayBack();
  if (backup === undefined) return;
  throw new UnusableDatabase(
    `${lost}, but backups of it are there. ${backup}; to start anew, move the backups away.`,
  );
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

function requireOurs(database: Database.Database, file: string): void {
  // In one snapshot: another process may be making the file at this moment.
  const [id, tables] = database.transaction(() => [
    database.pragma('application_id', { simple: true }),
    database.prepare('select count(*) from sqlite_schema').pluck().get(),
  ])();
  if (id === APPLICATION_ID) return;
  if (id !== 0 || tables !== 0) {
    throw new UnusableDatabase(
      `${file} is the database of another program. Set DATABASE_URL to a file of Latchkey's own, or to a path where none is yet.`,
    );
  }
  database.pragma(`application_id = ${APPLICATION_ID}`);
}

/**
 * Turns the WAL on. Where another process does so at the same moment, SQLite may let one of them fail at once
 * rather than wait for the other.
 */
function writeAhead(database: Database.Database): void {
  const givesUpAt = performance.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      database.pragma('journal_mode = WAL');
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() > givesUpAt) throw error;
    }
    // For this it waits, until nobody has a lock.
    database.exec('begin exclusive; commit');
  }
}

/**
 * Applies the migrations that the file lacks, all or none of them. Not drizzle's own runner: that one
 * reads what is applied before it takes the write lock, so of two processes that start together one
 * would fail.
 */
function migrate(
  database: Database.Database,
  file: string,
  keep: (migration: number) => void,
): void {
  const known = knownMigrations();
  const newest = Math.max(...known.map(({ folderMillis }) => folderMillis));
  // A rebuilt table would otherwise take the rows that refer to it along.
  database.pragma('foreign_keys = OFF');
  database.pragma(`busy_timeout = ${MIGRATION_TIMEOUT_MS}`);
  database
    .transaction(() => {
      const applied = schemaOf(database);
      if (applied > newest) {
        throw new UnusableDatabase(
          `${file} was made by a newer version of Latchkey. Start that version, or restore a backup from before the upgrade: npm run restore -- FILE`,
        );
      }
      if (applied === newest) return;
      const missing = known.filter(({ folderMillis }) => folderMillis > applied);
      // No other process can write between this copy and the migration.
      if (applied > 0) keep(known.length - missing.length);
      applyMigrations(database, missing);
      // It looks at every row, and only a migration can have left one without what it refers to.
      if ((database.pragma('foreign_key_check') as unknown[]).length > 0) throw new Damage();
    })
    .immediate();
  database.pragma('foreign_keys = ON');
}

/**
 * The database as the version before left it. Its name has the number of the first migration that it
 * lacks, and when it was last written: a start that fails again and again makes one copy.
 */
function keepCopy(file: string, folder: string, migration: number, writtenAt: Instant): void {
  const purpose = `before-migration-${String(migration).padStart(4, '0')}`;
  const copy = join(folder, backupName(file, writtenAt, purpose));
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    backUpNow(file, copy);
  } catch (error) {
    throw new StoreError(
      `${file} must be brought up to date, and the copy that is taken before that failed: ${messageOf(error)} Make room for it, or set BACKUP_DIR to a folder that has some, and start again.`,
      { cause: error },
    );
  }
}

function explain(error: unknown, file: string, wayBack: () => string | undefined): unknown {
  const code = error instanceof Database.SqliteError ? error.code : undefined;
  if (code === 'SQLITE_NOTADB' && applicationIdOf(file) !== APPLICATION_ID) {
    return new UnusableDatabase(
      `${file} is not an SQLite database. ${wayBack() ?? "Set DATABASE_URL to Latchkey's own file, or move this one away so that a new one can be made."}`,
      { cause: error },
    );
  }
  if (isDamage(error)) return damaged(error, file, wayBack());
  if (code === undefined) return error;
  if (isBusy(error)) {
    return new StoreError(
      `${file} is in use by another program, which has had it locked for too long. End that program and start again.`,
      { cause: error },
    );
  }
  if (/^SQLITE_(ERROR|CONSTRAINT)/.test(code)) {
    return new UnusableDatabase(
      `${file} could not be brought up to date (${messageOf(error)}), and is as it was before. Start the version of Latchkey that it was used with.`,
      { cause: error },
    );
  }
  return unwritable(error, file);
}

function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
}

function unwritable(error: unknown, file: string): StoreError {
  const reason = messageOf(error);
  const { code = '' } = error as { code?: string };
  return new StoreError(
    FULL.test(code)
      ? `There is no room left where ${file} is (${reason}). Make some, and start again.`
      : `${file} cannot be opened for writing (${reason}). Give the user that runs Latchkey write access to the file and its folder, or set DATABASE_URL to another place.`,
    { cause: error },
  );
}
