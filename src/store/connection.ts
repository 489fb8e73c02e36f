import Database from 'better-sqlite3';
import { sql, type SQL } from 'drizzle-orm';
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3';
import { AppError } from '../core/errors.ts';

/** One SQLite connection and the one way to write through it. */
export interface Connection {
  readonly database: Database.Database;
  readonly db: BetterSQLite3Database;
  /** Runs `work` in one transaction that takes the write lock first, so that it never loses a race. */
  readonly write: <Result>(work: () => Result) => Result;
}

export function connect(database: Database.Database): Connection {
  return {
    database,
    db: drizzle(database),
    write(work) {
      try {
        return database.transaction(work).immediate();
      } catch (error) {
        if (error instanceof Database.SqliteError && isPassing(error)) {
          throw new AppError('unavailable', error.message, { cause: error, retryAfterMs: 5_000 });
        }
        throw error;
      }
    },
  };
}

/** Full disk, locked or read-only file, failing device: nothing is wrong with the request. */
function isPassing({ code }: InstanceType<typeof Database.SqliteError>): boolean {
  return /^SQLITE_(FULL|BUSY|LOCKED|READONLY|IOERR|CANTOPEN|PERM)/.test(code);
}

/** A value that is given when the statement runs. */
export const given = (name: string) => sql.placeholder(name);

/**
 * The same, where it is compared. SQLite plans a prepared statement again for each value that its plan
 * may look at (it is built with STAT4), at several times the cost of the query. The plus hides the value
 * from the planner.
 */
export const hidden = (name: string): SQL => sql`+${sql.placeholder(name)}`;
