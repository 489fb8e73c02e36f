import { UnusableDatabase } from '../../store-error.ts';
import type { DriverConnection } from './driver.ts';
import { byDriver } from './failures.ts';

// A database into which a move was begun is not to be used before it has ended: a revoked token, say, would be
// missing. The mark is in a table of its own, which is gone once Latchkey uses the database.

/** How far a move has come. */
export interface MoveMark {
  /** By what the file is known that is moved. */
  readonly source: string;
  /** The table that is being filled, and the last of its rows that is there. */
  readonly at: string;
  readonly after: number;
  /** How many it has written in all. */
  readonly rows: number;
  readonly ended: boolean;
}

export const MARK_TABLE = `create table if not exists latchkey_move (
  one int primary key check (one = 1), source text not null, "at" text not null, "after" bigint not null,
  "rows" bigint not null, ended boolean not null)`;

/** Both to be sent in a transaction: whoever has the row starts, migrates or moves alone. */
export const BEGIN_ALONE =
  'begin isolation level read committed; set local statement_timeout = 0; set local lock_timeout = 120000; select one from latchkey_schema for update';

const IS_MARKED = `select to_regclass('latchkey_move') is not null as marked`;
export const READ_MARK = 'select source, "at", "after", "rows", ended from latchkey_move';

/**
 * Takes the database into use.
 * @throws UnusableDatabase where a move into it has not ended
 */
export async function requireMoved(connection: DriverConnection): Promise<void> {
  const run = async (text: string) => (await byDriver(connection.query({ text }))).rows;
  const wasMoved = async () => ((await run(IS_MARKED))[0] as { marked: boolean }).marked;
  if (!(await wasMoved())) return;
  await run(BEGIN_ALONE);
  // Another process that starts may just have taken it.
  if (await wasMoved()) {
    const [mark] = (await run(READ_MARK)) as readonly MoveMark[];
    if (mark?.ended === false) {
      throw new UnusableDatabase(
        'A move into the database in DATABASE_URL was begun and has not ended: run npm run move again, until it says that everything is there.',
      );
    }
    await run('drop table latchkey_move');
  }
  await run('commit');
}
