import Database from 'better-sqlite3';
import type { Query } from 'drizzle-orm';
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3';
import { setTimeout as delay } from 'node:timers/promises';
import { refuse } from '../../core/errors.ts';
import { isDamage } from './file/check.ts';
import { prepare, type Prepared } from './statement.ts';

/** One SQLite connection and the one way to write through it. */
export interface Connection {
  readonly database: Database.Database;
  readonly db: BetterSQLite3Database;
  /** A query of drizzle's, run by the driver alone: what drizzle adds takes longer than the query. */
  readonly prepare: <Row>(query: { toSQL(): Query }) => Prepared<Row>;
  /**
   * Runs `work` in one transaction that takes the write lock first, so that it never loses a race.
   * While another process has the lock, this one goes on answering.
   */
  readonly write: <Result>(work: () => Result) => Promise<Result>;
  /**
   * The same for one of many slices, and brings what was written ahead into the database. Else a later
   * write would have to, for a thousand pages at once and while everything waits for the disk.
   */
  readonly writeSlice: <Result>(work: () => Result) => Promise<Result>;
  /** Does something once what the write under way has written is kept; never, if it is undone. */
  readonly onceKept: (work: () => void) => void;
  /** Runs `work` on one snapshot: another process may write between two statements. */
  readonly readTogether: <Result>(work: () => Result) => Result;
  /** Whether the last write that was tried was possible. */
  readonly isWritable: () => boolean;
  /** To be told why a statement failed. */
  readonly reportFailure: (error: unknown) => void;
}

/** How long a write waits for another process to finish its own. */
const PATIENCE_MS = 5_000;
const PAUSE_MS = 10;

/** `onDamage` hears when a statement finds that what is in the file contradicts itself. */
export function connect(database: Database.Database, onDamage = () => {}): Connection {
  // Made once: the driver prepares four statements for each.
  const transaction = database.transaction((work: () => unknown) => work());
  const changes = database.prepare<[], number>('select total_changes()').pluck();
  /** The changes that had been made when one could not be; null while they can. */
  let failedAfter: number | undefined | null = null;
  const kept: (() => void)[] = [];

  async function write<Result>(work: () => Result): Promise<Result> {
    const givesUpAt = performance.now() + PATIENCE_MS;
    for (;;) {
      kept.length = 0;
      try {
        const result = transaction.immediate(work) as Result;
        for (const each of kept) each();
        return result;
      } catch (error) {
        if (!(error instanceof Database.SqliteError) || !isPassing(error)) throw error;
        if (!error.code.startsWith('SQLITE_BUSY') || performance.now() > givesUpAt) {
          failedAfter = changes.get();
          const retryAfterMs = 5_000;
          throw refuse({ code: 'unavailable' }, { cause: error, retryAfterMs });
        }
      }
      await delay(PAUSE_MS);
    }
  }

  return {
    database,
    db: drizzle(database),
    prepare: (query) => prepare(database, query),
    write,
    onceKept: (work) => void kept.push(work),

    async writeSlice(work) {
      const result = await write(work);
      try {
        database.pragma('wal_checkpoint(passive)');
      } catch (error) {
        // What was written is written; a full disk, say, only leaves it where it is.
        if (!(error instanceof Database.SqliteError) || !isPassing(error)) throw error;
      }
      return result;
    },

    isWritable() {
      // A transaction that had nothing to change is possible on the fullest of disks.
      if (failedAfter !== null && changes.get() !== failedAfter) failedAfter = null;
      return failedAfter === null;
    },

    reportFailure(error) {
      if (isDamage(error)) onDamage();
    },

    // It returns what the work returns, which its type cannot say.
    readTogether: <Result>(work: () => Result) => transaction(work) as Result,
  };
}

/** Full disk, locked or read-only file, failing device: nothing is wrong with the request. */
function isPassing({ code }: InstanceType<typeof Database.SqliteError>): boolean {
  return /^SQLITE_(FULL|BUSY|LOCKED|READONLY|IOERR|CANTOPEN|PERM)/.test(code);
}
