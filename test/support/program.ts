import Database from 'better-sqlite3';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { openDatabase, openStore } from '../../src/store/sqlite/file/open.ts';
import { StoreError } from '../../src/store/store-error.ts';
import { ANA, atMost, member, newSession, START } from './fixtures.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export type Program = 'backup' | 'check' | 'move' | 'policy' | 'restore';

/** `npm run backup`, `move`, `policy` or `restore`, without npm. Where a limit is given, no file may grow beyond it. */
export function startProgram(
  program: Program,
  args: readonly string[],
  {
    databaseFile,
    limitKb,
    environment = {},
  }: {
    databaseFile: string;
    limitKb?: number;
    environment?: Readonly<Record<string, string>>;
  },
) {
  const limit = limitKb === undefined ? '' : `ulimit -f ${limitKb}; `;
  const script = `${limit}exec "$0" "$@"`;
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  const child = spawn('bash', ['-c', script, process.execPath, `src/bin/${program}.ts`, ...args], {
    cwd: ROOT,
    env: { PATH, NODE_COMPILE_CACHE, DATABASE_URL: `file:${databaseFile}`, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]).then(
    ([out, error, [code]]) => ({ code: code as number | null, said: out + error }),
  );
  return { child, ended };
}

/** {@link startProgram}, until it has ended. */
export function runProgram(...start: Parameters<typeof startProgram>) {
  return startProgram(...start).ended;
}

/** A database of ours with sessions of Ana's, and as much besides as is wanted. */
export async function fill(path: string, { sessions = 3, megabytes = 0 } = {}): Promise<void> {
  const store = openStore(path);
  for (let index = 0; index < sessions; index += 1) {
    await store.add({ actor: member(ANA), at: START }, newSession(), atMost(100_000));
  }
  await store.close();
  if (megabytes === 0) return;
  const database = openDatabase(path);
  database
    .prepare(
      `with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < ?)
       insert into settings (name, value) select n, json_quote(hex(randomblob(5000))) from numbers`,
    )
    .run(megabytes * 100);
  database.close();
}

/** Spoils each page of these tables and indices; whoever has the database open sees it from now on. */
export function spoilWhileOpen(path: string, names: readonly string[]): void {
  const database = new Database(path);
  const pages = database.prepare<[string], number>('select pgoffset from dbstat where name = ?');
  // A page that is still in the WAL would be read from there: what was written since the
  // checkpoint is seen under the write lock only.
  for (let attempt = 0; ; attempt += 1) {
    database.pragma('wal_checkpoint(TRUNCATE)');
    database.exec('begin immediate');
    if (statSync(`${path}-wal`).size === 0) break;
    database.exec('rollback');
    if (attempt === 100) throw new Error('the WAL could not be emptied');
  }
  const offsets = names.flatMap((name) => pages.pluck().all(name));
  const descriptor = openSync(path, 'r+');
  for (const at of offsets) writeSync(descriptor, Buffer.alloc(64, 0xa5), 0, 64, at);
  closeSync(descriptor);
  // What others have read of the database counts for them until it changes.
  database.exec("insert into settings values ('spoilt', '1'); commit");
  database.close();
}

/** The sentence with which the store refuses. */
export function refusalIn(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    if (error instanceof StoreError) return error.message;
    throw error;
  }
  throw new Error('it was not refused');
}
