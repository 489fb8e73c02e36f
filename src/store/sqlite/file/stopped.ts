import Database from 'better-sqlite3';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Instant } from '../../../core/time.ts';
import { messageOf, StoreError } from '../../store-error.ts';
import { damaged, findBackup, isDamage, requireSound } from './check.ts';
import { APPLICATION_ID, applicationIdOf, knownMigrations, schemaOf } from './database-file.ts';
import { foreignPart } from './known-schema.ts';

const BUSY_TIMEOUT_MS = 500;

/** A database that nobody uses, and nobody can until it is closed. */
export interface StoppedFile extends Disposable {
  readonly file: string;
  readonly database: Database.Database;
  /** SHA-256 of all that is in it. */
  readonly fingerprint: string;
}

/**
 * Opens the database at `path` to read all of it. Neither it nor what is beside it is written to.
 * @throws StoreError unless it is a sound database of ours, of this version, that nobody uses
 */
export async function openStopped(path: string, now: Instant): Promise<StoppedFile> {
  const file = existsSync(path) ? realpathSync(path) : resolve(path);
  try {
    return await open(file);
  } catch (error) {
    if (error instanceof StoreError) throw error;
    if (isDamage(error)) throw damaged(error, file, findBackup(file, dirname(file), now));
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) {
      throw new StoreError(
        `${file} is in use. Stop Latchkey, and whatever else has it open, and move again.`,
        { cause: error },
      );
    }
    throw new StoreError(
      `${file} cannot be read and locked: ${messageOf(error)}. Move it as the user that runs Latchkey.`,
      { cause: error },
    );
  }
}

async function open(file: string): Promise<StoppedFile> {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
    throw new StoreError(`There is no database at ${file}. MOVE_FROM says where it is.`);
  }
  if (applicationIdOf(file) !== APPLICATION_ID) {
    throw new StoreError(`${file} is not a database of Latchkey's. MOVE_FROM says where that is.`);
  }
  requireBroughtIn(file);
  const before = stateOf(file);
  // Not while SQLite has it open: to close it again would take this process's lock away.
  const fingerprint = await digest(file);
  const database = new Database(file, { fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  try {
    database.pragma('trusted_schema = OFF');
    // Whoever has it open, idle or not, prevents this, and is prevented from now on.
    database.pragma('locking_mode = EXCLUSIVE');
    database.exec('begin exclusive; commit');
    database.pragma('query_only = ON');
    if (stateOf(file) !== before) {
      throw new StoreError(`${file} was just changed. Stop whatever uses it, and move again.`);
    }
    requireOurVersion(database, file);
    return { file, database, fingerprint, [Symbol.dispose]: () => void database.close() };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Whoever opened it now would bring in what a crash left beside it. */
function requireBroughtIn(file: string): void {
  const left = ['-wal', '-journal'].map((end) => file + end).find((path) => sizeOf(path) > 0);
  if (left === undefined) return;
  throw new StoreError(
    `${file} is in use, or was when Latchkey was killed: ${left} has changes that it lacks. Start Latchkey on it once more if it does not run, stop it, and move again.`,
  );
}

function requireOurVersion(database: Database.Database, file: string): void {
  requireSound(database);
  const schema = schemaOf(database);
  const newest = Math.max(...knownMigrations().map(({ folderMillis }) => folderMillis));
  if (schema > newest) {
    throw new StoreError(`${file} was made by a newer version of Latchkey. Move it with that one.`);
  }
  if (schema < newest) {
    throw new StoreError(
      `${file} was made by an older version of Latchkey. Start this one on it (DATABASE_URL=file:${file}), which brings it up to date, stop it, and move again.`,
    );
  }
  const foreign = foreignPart(database);
  if (foreign !== undefined) {
    throw new StoreError(
      `${file} was changed by somebody: ${foreign} is not as Latchkey makes it. Undo that, and move again.`,
    );
  }
  if ((database.pragma('foreign_key_check') as unknown[]).length > 0) {
    throw new StoreError(`${file} is damaged: some rows lack what they belong to.`);
  }
}

async function digest(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1_048_576 }), hash);
  return hash.digest('hex');
}

function stateOf(file: string): string {
  const { ino, size, mtimeNs } = statSync(file, { bigint: true });
  return `${ino}:${size}:${mtimeNs}:${sizeOf(`${file}-wal`)}`;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
