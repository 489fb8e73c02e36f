import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../core/time.ts';
import type { DriverConnection } from '../postgres/server/driver.ts';
import { DatabaseFailure } from '../postgres/server/failures.ts';
import { alone, bringUpToDate } from '../postgres/server/open.ts';
import { openStopped, type StoppedFile } from '../sqlite/file/stopped.ts';
import { Interrupted, messageOf, StoreError } from '../store-error.ts';
import { counted, createProgress, type Progress, type Screen } from './progress.ts';
import { createSource, type Source } from './source.ts';
import { createKeep, type Keep, type MovedTable, TABLES } from './tables.ts';
import { type JsonRow, openTarget, START, type Target } from './target.ts';

export interface MoveDeps {
  readonly clock: Clock;
  /** Milliseconds on a clock that no correction of the time moves. */
  readonly monotonicNow: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly screen: Screen;
  /** Ends it after what is under way; another move goes on from there. */
  readonly signal: AbortSignal;
}

/** Rows in one statement: a slice is there whole, or not at all. */
const SLICE = 1_000;
/** Rows of each table that are compared, one by one. */
const SAMPLE = 500;

const GO_ON = 'Run npm run move again to go on from there.';

/**
 * Copies the SQLite file `from`, which is left as it is, into the PostgreSQL database at the address `to`.
 * @throws StoreError, with the way out
 */
export async function move(from: string, to: string, deps: MoveDeps): Promise<void> {
  const say = (text: string) => deps.screen.write(`${text}\n`);
  say(`Checking ${from}`);
  using stopped = await openStopped(from, deps.clock());
  const quiet = { info() {}, warn: (line: unknown) => say(String(line)), error() {} };
  await bringUpToDate(to, { log: quiet, monotonicNow: deps.monotonicNow });
  await alone(to, (connection) => moveInto(connection, stopped, nameOf(to), deps));
}

/** {@link move}, on a connection to a database whose schema is up to date. */
export async function moveInto(
  connection: DriverConnection,
  { file, database, fingerprint }: StoppedFile,
  name: string,
  deps: MoveDeps,
): Promise<void> {
  const say = (text: string) => deps.screen.write(`${text}\n`);
  const source = createSource(database);
  const target = await openTarget(connection, fingerprint, name);
  say(BEGINNINGS[target.beginning](file, name));

  const counts = new Map(TABLES.map((table) => [table.name, source.count(table)]));
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (target.beginning !== 'ended') {
    const progress = createProgress(
      deps.screen,
      { total, done: target.mark().rows },
      deps.monotonicNow,
    );
    const { keep, changed } = createKeep();
    try {
      await copy(source, keep, target, progress, deps.signal);
    } finally {
      progress.close();
    }
    if (changed() > 0) {
      say(
        `PostgreSQL cannot hold every character: U+0000 and halves of characters are left out of ${counted(changed())} texts.`,
      );
    }
    for (const table of ['audit_events', 'outbox']) {
      const highest = source.highestId(table);
      if (highest > 0) await target.goOnAfter(table, highest);
    }
  }

  say('Comparing what is there with the file');
  const compared = await compare(source, target, counts, deps.random);
  if (target.beginning !== 'ended') await target.end();
  const [accounts, sessions, events] = ['accounts', 'sessions', 'audit_events'].map((table) =>
    counted(counts.get(table) ?? 0),
  );
  say(
    `Everything is there: ${counted(total)} rows, with ${accounts} accounts, ${sessions} sessions and ${events} audit events. ${counted(compared)} rows were compared one by one.`,
  );
  say(
    `Start Latchkey with this DATABASE_URL. ${file} is as it was: do not start Latchkey on it again, since what is revoked from now on would work there.`,
  );
}

const BEGINNINGS: Readonly<Record<Target['beginning'], (file: string, to: string) => string>> = {
  anew: (file, to) => `Moving ${file} into ${to}`,
  continued: (file, to) => `Going on moving ${file} into ${to}`,
  emptied: (file, to) =>
    `Moving ${file} into ${to}, from its beginning: an earlier move was of another file, or of this one before it changed`,
  ended: (file, to) => `${file} was moved into ${to} before`,
};

async function copy(
  source: Source,
  keep: Keep,
  target: Target,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const { at, after } = target.mark();
  const begun = TABLES.findIndex(({ name }) => name === at);
  for (const table of TABLES.slice(begun)) {
    const from = table.name === at ? after : START;
    for (const { rows, last } of source.slices(table, from, SLICE, keep)) {
      await insert(target, table, rows, last);
      progress.reached(target.mark().rows, table.name);
      if (signal.aborted) {
        progress.close();
        throw new Interrupted(`Stopped: ${counted(target.mark().rows)} rows are there. ${GO_ON}`);
      }
    }
  }
}

async function insert(
  target: Target,
  table: MovedTable,
  rows: readonly JsonRow[],
  last: number,
): Promise<void> {
  try {
    await target.insert(table, rows, last);
  } catch (error) {
    if (!(error instanceof DatabaseFailure)) throw error;
    // What it says of values and of constraints, or that there is no room.
    const isRefused = ['22', '23', '53'].includes(error.state.slice(0, 2));
    throw new StoreError(
      isRefused
        ? `PostgreSQL refused some rows of ${table.name}, up to number ${last}: ${messageOf(error)}. What is there stays; once the reason is gone, run npm run move again to go on.`
        : `The database could not be written to any longer: ${messageOf(error)}. ${GO_ON}`,
      { cause: error },
    );
  }
}

/** Compares all counts and some of the rows; returns how many those were. */
async function compare(
  source: Source,
  target: Target,
  counts: ReadonlyMap<string, number>,
  random: () => number,
): Promise<number> {
  let compared = 0;
  for (const table of TABLES) {
    const [expected, found] = [counts.get(table.name) ?? 0, await target.count(table)];
    const sample = source.sample(table, SAMPLE, random);
    const there = new Map(
      (
        await target.find(
          table,
          sample.map((row) => row[table.key]),
        )
      ).map((row) => [row[table.key], row]),
    );
    const differing = sample.filter((row) => !isSame(table, row, there.get(row[table.key])));
    if (expected !== found || differing.length > 0) {
      await target.spoil();
      throw new StoreError(
        `What was moved is not as it is in the file: ${table.name} has ${counted(expected)} rows there and ${counted(found)} here, and of ${counted(sample.length)} that were compared ${counted(differing.length)} differ. Run npm run move again, which begins anew, on a database that nothing else uses.`,
      );
    }
    compared += sample.length;
  }
  return compared;
}

function isSame({ columns }: MovedTable, row: JsonRow, found: JsonRow | undefined): boolean {
  return (
    found !== undefined &&
    columns.every(({ name, type }) => {
      const value = row[name];
      const isJson = (type === 'json' || type === 'jsonb') && typeof value === 'string';
      return isDeepStrictEqual(isJson ? JSON.parse(value) : value, readable(found[name]));
    })
  );
}

/** Bytes as {@link JsonRow} has them. */
function readable(value: unknown): unknown {
  return value instanceof Uint8Array ? `\\x${Buffer.from(value).toString('hex')}` : value;
}

/** Without user and password. */
function nameOf(url: string): string {
  const { hostname, port, pathname, searchParams } = new URL(url);
  const host = searchParams.get('host') ?? decodeURIComponent(hostname);
  const at = host.startsWith('/') || port === '' ? host : `${host}:${port}`;
  return `the database ${decodeURIComponent(pathname.slice(1)) || 'of the user'} on ${at || 'this machine'}`;
}
