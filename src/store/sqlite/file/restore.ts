import Database from 'better-sqlite3';
import {
  existsSync,
  lchownSync,
  linkSync,
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import process from 'node:process';
import type { Instant } from '../../../core/time.ts';
import { timeInName } from './backup-name.ts';
import { putInPlace, verify, writeCopy } from './backup.ts';
import { APPLICATION_ID, COMPANIONS, identityOf } from './database-file.ts';
import { messageOf, StoreError } from '../../store-error.ts';

export interface Restored {
  /** When the newest thing in the backup happened; null if nothing has. */
  readonly newestAt: Instant | null;
  /** Where the database is that was there before; undefined if there was none. */
  readonly keptAs: string | undefined;
}

/** The database that is to be replaced. What is no database cannot be locked. */
interface Present {
  readonly database: Database.Database;
  readonly isLocked: boolean;
}

const BUSY_TIMEOUT_MS = 500;

/**
 * Puts a copy of the backup `from` in the place of the database, which is kept under another name.
 * After a crash in the middle either the one or the other is there, whole.
 * @throws StoreError if the backup is not good or the database is in use: then nothing has changed
 */
export function restore(from: string, databaseFile: string, now: Instant): Restored {
  const backup = resolve(from);
  const file = existsSync(databaseFile) ? realpathSync(databaseFile) : resolve(databaseFile);
  let present: Present | undefined;
  let partial: string | undefined;
  try {
    const identity = identityOf(file);
    if (identity !== undefined && identity === identityOf(backup)) {
      throw new StoreError(`${backup} is the database itself. Name a backup of it.`);
    }
    const { newestAt } = verify(backup);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const owner = ownerOf(identity === undefined ? dirname(file) : file);
    if (identity !== undefined) present = lockExclusively(file);
    partial = writeCopy(backup, file);
    // The folder is theirs: a link put there must lead root nowhere.
    if (owner !== undefined) lchownSync(partial, owner.uid, owner.gid);
    const keptAs = `${file}.replaced-${timeInName(now)}`;
    replace(file, present, partial, keptAs);
    return { newestAt, keptAs: present && keptAs };
  } catch (error) {
    if (partial !== undefined) rmSync(partial, { force: true });
    if (error instanceof StoreError) throw error;
    throw new StoreError(`${file} could not be restored: ${messageOf(error)}.`, { cause: error });
  } finally {
    present?.database.close();
  }
}

/**
 * Root may restore what another user runs: the copy is to be theirs, if nobody but root can have put the
 * file or folder there that says who they are. Undefined for who is not root, or where it is root's.
 */
function ownerOf(messageRef: string): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const found = realpathSync(messageRef);
  const { uid, gid } = statSync(found);
  if (uid === 0) return undefined;
  let above = dirname(found);
  while (statSync(above).uid === uid && above !== dirname(above)) above = dirname(above);
  if (!isRootsAlone(above)) {
    throw new StoreError(
      `${messageRef} belongs to user ${uid}, who may have put it there: others may write to ${above}. Restore to another folder, or as the user that runs Latchkey.`,
    );
  }
  return { uid, gid };
}

/** Whether only root can put something there; what its own group may write counts as by root. */
function isRootsAlone(folder: string): boolean {
  const { uid, gid, mode } = statSync(folder);
  return uid === 0 && (mode & (gid === 0 ? 0o002 : 0o022)) === 0;
}

function replace(file: string, present: Present | undefined, partial: string, keptAs: string) {
  // A second name, since the first must at no moment be without a file.
  if (present !== undefined) linkSync(file, keptAs);
  // With what was written ahead of another database, SQLite would damage the new one.
  for (const end of COMPANIONS.filter((each) => existsSync(file + each))) {
    renameSync(file + end, keptAs + end);
  }
  // This removes a -wal of that name, which later may be the new database's.
  if (present?.isLocked === false) present.database.close();
  putInPlace(partial, file);
}

/**
 * Locks the database against everybody: whoever has it open in WAL mode, idle or not, holds a lock that
 * prevents this. What was written ahead is brought into it, so that it is one file.
 */
function lockExclusively(file: string): Present {
  const database = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    database.pragma('locking_mode = EXCLUSIVE');
    const id = database.pragma('application_id', { simple: true });
    const tables = database.prepare('select count(*) from sqlite_schema').pluck().get();
    if (id !== APPLICATION_ID && tables !== 0) {
      throw new StoreError(
        `${file} is the database of another program. Set DATABASE_URL to Latchkey's own.`,
      );
    }
    // Not DELETE, which leaves its own journal there as long as the lock is held.
    database.pragma('journal_mode = MEMORY');
    database.exec('begin exclusive; commit');
    return { database, isLocked: true };
  } catch (error) {
    // Nobody can start on that.
    if (error instanceof Database.SqliteError && /^SQLITE_(NOTADB|CORRUPT)/.test(error.code)) {
      return { database, isLocked: false };
    }
    database.close();
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) {
      throw new StoreError(
        `${file} is in use. Stop Latchkey, and whatever else has it open, and restore again.`,
        { cause: error },
      );
    }
    throw error;
  }
}
