import { setTimeout as delay } from 'node:timers/promises';
import type { DriverConnection } from '../postgres/server/driver.ts';
import { byDriver } from '../postgres/server/failures.ts';
import { BEGIN_ALONE, MARK_TABLE, type MoveMark, READ_MARK } from '../postgres/server/move-mark.ts';
import { StoreError } from '../store-error.ts';
import { type MovedTable, TABLES } from './tables.ts';

/** A row as PostgreSQL reads it out of JSON: its columns by their names. */
export type JsonRow = Readonly<Record<string, unknown>>;

/** Before the first row of a table. */
export const START = Number.MIN_SAFE_INTEGER;

/** How the move begins: empty, where an earlier one was stopped, or with all there. */
export type Beginning = 'anew' | 'continued' | 'emptied' | 'ended';

/** How long one that was killed may still be there for the server. */
const GONE_WITHIN_MS = 5_000;
const PAUSE_MS = 250;

const names = TABLES.map(({ name }) => name);
const OTHERS = `select count(*) as others from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid()
    and application_name in ('latchkey', current_setting('application_name'))`;
const COUNT_ALL = names.map((name) => `(select count(*) from ${name})`).join(' + ');
const FILLED = names
  .map((name) => `select '${name}' as name where exists (select 1 from ${name})`)
  .join(' union all ');

/** The database that everything is moved into. Nothing is written into one that is used. */
export async function openTarget(connection: DriverConnection, source: string, name: string) {
  const run = async (text: string, values?: unknown[]) =>
    (await byDriver(connection.query(values === undefined ? { text } : { text, values })))
      .rows as readonly Record<string, unknown>[];
  const one = async (text: string, values?: unknown[]) => (await run(text, values))[0] ?? {};

  const fresh: MoveMark = { source, at: names[0] ?? '', after: START, rows: 0, ended: false };
  await requireAlone();
  await run(BEGIN_ALONE);
  await run(MARK_TABLE);
  const [beginning, found] = await begin();
  await run('commit');
  let mark = found;

  async function requireAlone(): Promise<void> {
    for (let waited = 0; ; waited += PAUSE_MS) {
      const { others } = await one(OTHERS);
      if (others === 0) return;
      if (waited >= GONE_WITHIN_MS) {
        throw new StoreError(
          `${name} is in use: a Latchkey is connected to it, or another move. Stop it, and move again.`,
        );
      }
      await delay(PAUSE_MS);
    }
  }

  async function begin(): Promise<readonly [Beginning, MoveMark]> {
    // Rows of any table are JSON here; these have the columns that READ_MARK names.
    const [before] = (await run(READ_MARK)) as unknown as readonly MoveMark[];
    await requireRows(before?.rows ?? 0, before !== undefined);
    if (before?.source === source) return [before.ended ? 'ended' : 'continued', before];
    if (before !== undefined) await run(`truncate ${names.join(', ')}`);
    const { at, after, rows, ended } = fresh;
    await run('delete from latchkey_move');
    await run('insert into latchkey_move values (1, $1, $2, $3, $4, $5)', [
      source,
      at,
      after,
      rows,
      ended,
    ]);
    return [before === undefined ? 'anew' : 'emptied', fresh];
  }

  async function requireRows(expected: number, wasBegun: boolean): Promise<void> {
    if ((await one(`select ${COUNT_ALL} as rows`))['rows'] === expected) return;
    const filled = (await run(FILLED)).map((row) => String(row['name']));
    const whose = wasBegun ? 'that no move has written' : 'already';
    throw new StoreError(
      `${name} has rows ${whose}, in ${filled.join(', ') || 'none of the tables any more'}. Latchkey may have run on it. Move into an empty database: make one with createdb, and name it in DATABASE_URL.`,
    );
  }

  return {
    beginning,
    /** How far it has come. */
    mark: () => mark,

    /** Writes rows and how far it has come by that: both, or nothing. `last` is where these end. */
    async insert(table: MovedTable, rows: readonly JsonRow[], last: number): Promise<void> {
      const next = { at: table.name, after: last, rows: mark.rows + rows.length };
      const values = [mark.at, mark.after, next.at, next.after, next.rows, JSON.stringify(rows)];
      const { rowCount } = await byDriver(connection.query({ text: insertInto(table), values }));
      if (rowCount !== rows.length) {
        throw new StoreError(
          `${name} is in use: a Latchkey or another move writes into it. Stop it, and move again.`,
        );
      }
      mark = { ...mark, ...next };
    },

    count: async (table: MovedTable) =>
      Number((await one(`select count(*) as rows from ${table.name}`))['rows']),

    /** The rows with these keys, as the driver gives them. */
    find: (table: MovedTable, keys: readonly unknown[]) =>
      run(`select ${listed(table)} from ${table.name} where ${table.key} = any($1)`, [keys]),

    /** What the next id of a table is to come after. */
    goOnAfter: async (table: string, id: number) =>
      void (await run(`select setval(pg_get_serial_sequence($1, 'id'), $2)`, [table, id])),

    /** Nothing that was written can be relied on: the next move begins anew. */
    spoil: () => run("update latchkey_move set source = ''"),

    /** From now on Latchkey may start on it. */
    async end(): Promise<void> {
      // Else the first queries would go by guesses.
      for (const each of names) await run(`analyze ${each}`);
      await run('update latchkey_move set ended = true');
      mark = { ...mark, ended: true };
    },
  };
}

export type Target = Awaited<ReturnType<typeof openTarget>>;

function insertInto({ name, columns }: MovedTable): string {
  const given = columns.map((each) => `${quoted(each)} ${isJson(each) ? 'text' : each.type}`);
  const taken = columns.map((each) =>
    isJson(each) ? `${quoted(each)}::${each.type}` : quoted(each),
  );
  // Who has a lease runs the jobs of a Latchkey; leases are moved last.
  const isFree = name === 'leases' ? '' : 'and not exists (select 1 from leases)';
  return `with turn as (
      update latchkey_move set "at" = $3, "after" = $4, "rows" = $5
      where not ended and "at" = $1 and "after" = $2 ${isFree} returning 1)
    insert into ${name} (${columns.map(quoted).join(', ')})
    select ${taken.join(', ')} from json_to_recordset($6::json) as each(${given.join(', ')})
    where exists (select 1 from turn)`;
}

function listed({ columns }: MovedTable): string {
  return columns.map(quoted).join(', ');
}

const isJson = ({ type }: { readonly type: string }) => type === 'json' || type === 'jsonb';
const quoted = ({ name }: { readonly name: string }) => `"${name}"`;
