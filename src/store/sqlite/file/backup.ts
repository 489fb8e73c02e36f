import Database from 'better-sqlite3';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Instant } from '../../../core/time.ts';
import {
  APPLICATION_ID,
  applicationIdOf,
  COMPANIONS,
  identityOf,
  knownMigrations,
  schemaOf,
  sync,
  wasRunOn,
} from './database-file.ts';
import { messageOf, StoreError } from '../../store-error.ts';
import { foreignPart } from './known-schema.ts';

const PROGRAM = fileURLToPath(new URL('../../../bin/backup.ts', import.meta.url));
const BUSY_TIMEOUT_MS = 10_000;

/** A copy that is being written, by the process of that id. */
const PARTIAL = /\.(\d+)\.latchkey-partial(-journal)?$/;

/**
 * Copies the database `from`, as it is at this moment, to the file `to`, in a process of its own: the
 * copy and its checks take as long as they take, and nothing waits for them. Others may go on writing.
 * @throws StoreError if `to` is none that may be written, or the copy fails: then nothing is at `to`
 * that was not there before
 */
export async function backUp(from: string, to: string, signal?: AbortSignal): Promise<void> {
  const child = spawn(process.execPath, [PROGRAM, to, from], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // Nothing of ours that is secret.
    env: {},
    signal,
  });
  const [said, [code, killedBy]] = await Promise.all([
    text(child.stderr),
    once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
  ]);
  if (code === 0) return;
  throw new StoreError(said.trim() || `The backup ended early (${killedBy ?? code}).`);
}

/** {@link backUp} in this process, which waits for it. */
export function backUpNow(from: string, to: string): void {
  const source = resolve(from);
  const target = existsSync(to) ? realpathSync(to) : resolve(to);
  if (!existsSync(source)) {
    throw new StoreError(`There is no database at ${source}. DATABASE_URL says where it is.`);
  }
  requireReplaceable(source, target);
  try {
    putInPlace(writeCopy(source, target), target);
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError(`The backup ${target} could not be made: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}

/**
 * Reads all of a backup, and says when the newest thing in it happened: null if nothing has.
 * @throws StoreError unless it is a sound database of ours, of this version or an older one, and has
 * nothing but what that version makes
 */
export function verify(file: string): { newestAt: Instant | null } {
  let database: Database.Database | undefined;
  try {
    if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
      throw new StoreError(`There is no file ${file}.`);
    }
    if (applicationIdOf(file) !== APPLICATION_ID) throw notOurs(file);
    database = open(file);
    requireGood(database, file);
    if (schemaOf(database) > Math.max(...knownMigrations().map((each) => each.folderMillis))) {
      throw new StoreError(`${file} was made by a newer version of Latchkey. Use that version.`);
    }
    const foreign = foreignPart(database);
    if (foreign !== undefined) {
      throw new StoreError(
        `${file} was changed by somebody: ${foreign} is not as Latchkey makes it. Use another backup.`,
      );
    }
    const newestAt = database.prepare<[], number | null>(
      'select max(at) from (select max(at) as at from audit_events union all select max(created_at) from sessions)',
    );
    return { newestAt: newestAt.pluck().get() ?? null };
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw unreadable(error, file);
  } finally {
    database?.close();
  }
}

/**
 * A checked copy of a database that is on the disk beside `target`, under a name that is returned. The
 * copy is its owner's alone from the first byte on.
 */
export function writeCopy(source: string, target: string): string {
  const folder = dirname(target);
  removeLeftovers(folder);
  const partial = join(folder, `.${basename(target)}.${process.pid}.latchkey-partial`);
  // SQLite writes into a file that is there if it is empty, and leaves its mode.
  closeSync(openSync(partial, 'wx', 0o600));
  try {
    const database = open(source);
    try {
      if (database.pragma('application_id', { simple: true }) !== APPLICATION_ID) {
        throw notOurs(source);
      }
      // One snapshot, however much is written meanwhile.
      database.prepare('vacuum into ?').run(partial);
    } finally {
      database.close();
    }
    const copy = open(partial);
    try {
      // Whoever reads of it knows the name of the database, not that of the copy.
      requireGood(copy, source);
    } finally {
      copy.close();
    }
    sync(partial);
    return partial;
  } catch (error) {
    for (const end of ['', '-journal']) rmSync(partial + end, { force: true });
    throw error;
  }
}

/** At no moment is there less than a whole file under the final name. */
export function putInPlace(partial: string, target: string): void {
  renameSync(partial, target);
  sync(dirname(target));
}

function open(file: string): Database.Database {
  const database = new Database(file, { fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  database.pragma('trusted_schema = OFF');
  return database;
}

function requireGood(database: Database.Database, file: string): void {
  const verdict = database.pragma('integrity_check(1)', { simple: true });
  const lost = database.pragma('foreign_key_check') as unknown[];
  if (verdict !== 'ok' || lost.length > 0) throw new StoreError(`${file} is damaged.`);
  if (database.pragma('application_id', { simple: true }) !== APPLICATION_ID) throw notOurs(file);
}

function requireReplaceable(source: string, target: string): void {
  if (identityOf(source) === identityOf(target)) {
    throw new StoreError(`${target} is the database itself. Name another file for the backup.`);
  }
  if (COMPANIONS.some((end) => target === source + end)) {
    throw new StoreError(
      `${target} is where SQLite keeps a part of the database. Name another file for the backup.`,
    );
  }
  // SQLite would bring what it says into the backup.
  const beside = COMPANIONS.map((end) => target + end).find((path) => existsSync(path));
  if (beside !== undefined) {
    throw new StoreError(
      `${target} is in use as a database: there is ${beside}. Name another file for the backup.`,
    );
  }
  const found = statSync(target, { throwIfNoEntry: false });
  if (found === undefined || (found.isFile() && found.size === 0)) return;
  if (!found.isFile() || applicationIdOf(target) !== APPLICATION_ID) {
    throw new StoreError(
      `${target} is there already and is no backup of Latchkey's. Name another file for the backup.`,
    );
  }
  if (wasRunOn(target)) {
    throw new StoreError(
      `${target} is a database that Latchkey has run on. Name another file for the backup.`,
    );
  }
}

/** What a crash left. Those of a process that lives are still being written. */
function removeLeftovers(folder: string): void {
  for (const name of readdirSync(folder)) {
    const writer = PARTIAL.exec(name)?.[1];
    if (writer !== undefined && !isOther(Number(writer))) rmSync(join(folder, name));
  }
}

function isOther(id: number): boolean {
  if (id === process.pid) return false;
  try {
    return process.kill(id, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function unreadable(error: unknown, file: string): StoreError {
  const isForbidden = (error as NodeJS.ErrnoException).code === 'EACCES';
  const wayOut = isForbidden ? ' Give the user that restores it leave to read it.' : '';
  return new StoreError(`${file} cannot be read: ${messageOf(error)}.${wayOut}`, { cause: error });
}

function notOurs(file: string): StoreError {
  return new StoreError(`${file} is not a database of Latchkey's.`);
}
