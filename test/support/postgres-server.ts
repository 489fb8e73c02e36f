import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { freePort } from './free-port.ts';

/** On Linux the user that owns nothing. */
const NOBODY = 65_534;
const SUPERUSER = 'owner';

export interface PostgresServer extends AsyncDisposable {
  readonly port: number;
  /** Where its files and its socket file are. */
  readonly folder: string;
  /** The address of a database there, for its owner unless told. */
  url(database: string, user?: string): string;
  /** Makes a database, empty or like another one; resolves with its address. */
  createDatabase(template?: string): Promise<string>;
  /** To the server and each of its processes. */
  signal(signal: NodeJS.Signals): void;
  /** As its machine does: all its processes at once, and without a word. */
  die(): Promise<void>;
  stop(): Promise<void>;
  start(): Promise<void>;
}

export interface PostgresOptions {
  /** As `name=value`, besides what makes it quick. */
  readonly settings?: readonly string[];
  /** Makes its files, in place of initdb. */
  readonly prepare?: (
    data: string,
    run: (program: string, args: readonly string[]) => void,
  ) => void;
}

/** The folder of initdb and postgres, which Debian keeps out of PATH; undefined if there is none. */
export function findPostgres(): string | undefined {
  const folders = [
    ...globSync('/usr/lib/postgresql/*/bin'),
    ...(process.env['PATH'] ?? '').split(':'),
  ];
  return folders.find((folder) =>
    ['initdb', 'postgres'].every((name) => existsSync(join(folder, name))),
  );
}

/** Neither PostgreSQL nor its poolers run as root: whom `path` belongs to then, and as whom to run them. */
export function asNobody(path: string): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  chownSync(path, NOBODY, NOBODY);
  return { uid: NOBODY, gid: NOBODY };
}

/** A server of our own in a folder that is gone at its end. */
export async function startPostgres({
  settings = [],
  prepare,
}: PostgresOptions = {}): Promise<PostgresServer> {
  const binaries = findPostgres();
  if (binaries === undefined) throw new Error('no PostgreSQL (initdb, postgres) on this machine');
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-postgres-'));
  const data = join(folder, 'data');
  const as = { ...asNobody(folder), cwd: folder };
  const run = (program: string, args: readonly string[]) =>
    void execFileSync(join(binaries, program), args, { ...as, stdio: 'ignore' });
  if (prepare === undefined) run('initdb', ['-D', data, '-U', SUPERUSER, '-A', 'trust', '-N']);
  else prepare(data, run);

  const port = await freePort();
  const quick = ['fsync=off', 'full_page_writes=off', 'max_connections=200'];
  const options = [...quick, ...settings].flatMap((setting) => ['-c', setting]);
  const args = ['-D', data, '-k', folder, '-h', '127.0.0.1', '-p', String(port), ...options];
  let server: ChildProcess | undefined;
  const kill = () => void server?.kill('SIGQUIT');
  process.on('exit', kill);

  const url = (database: string, user = SUPERUSER) =>
    `postgres://${user}@127.0.0.1:${port}/${database}`;

  async function start(): Promise<void> {
    server = spawn(join(binaries!, 'postgres'), args, { ...as, stdio: 'ignore' });
    for (let attempt = 0; ; attempt += 1) {
      const client = new Client({ connectionString: url('postgres') });
      try {
        await client.connect();
        return await client.end();
      } catch (error) {
        if (attempt === 200) throw error;
      }
      await delay(50);
    }
  }

  const isRunning = () => server?.exitCode === null && server.signalCode === null;

  async function stop(): Promise<void> {
    if (!isRunning()) return;
    signal('SIGCONT');
    kill();
    await once(server!, 'exit');
  }

  async function die(): Promise<void> {
    // None of them does anything more, nor starts another one, while they end.
    signal('SIGSTOP');
    signal('SIGSTOP');
    const exited = once(server!, 'exit');
    signal('SIGKILL');
    await exited;
  }

  function signal(name: NodeJS.Signals): void {
    const pid = server?.pid ?? 0;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    for (const each of [...children.filter(Boolean).map(Number), pid]) {
      try {
        process.kill(each, name);
      } catch {
        // It has just ended.
      }
    }
  }

  await start();
  return {
    port,
    folder,
    url,
    createDatabase: (template) => createDatabase(url('postgres'), template),
    signal,
    die,
    stop,
    start,
    async [Symbol.asyncDispose]() {
      await stop();
      process.off('exit', kill);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

let made = 0;

/** Makes a database on the server at `url`, empty or like another one; resolves with its address. */
export async function createDatabase(url: string, template = 'template0'): Promise<string> {
  const name = `test_${process.pid}_${process.env['VITEST_WORKER_ID'] ?? 0}_${(made += 1)}`;
  await using owner = await connectAsOwner(url);
  // A copy by way of the WAL takes more than twice the time. Before PostgreSQL 15 there is none.
  const rows = await owner.run(
    `select current_setting('server_version_num')::int >= 150000 as can`,
  );
  const strategy = rows[0]?.['can'] === true ? 'strategy file_copy' : '';
  await owner.run(`create database ${name} template ${template} ${strategy}`);
  const address = new URL(url);
  address.pathname = `/${name}`;
  return address.href;
}

type Rows = readonly Record<string, unknown>[];

/** A connection of a test's own, which spares the server a new process for each of its statements. */
export interface OwnerConnection extends AsyncDisposable {
  /** Runs statements, and resolves with the rows of the last. */
  run(sql: string): Promise<Rows>;
}

export async function connectAsOwner(url: string): Promise<OwnerConnection> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  return {
    async run(sql) {
      const results = (await client.query(sql)) as unknown;
      const last = (Array.isArray(results) ? results.at(-1) : results) as { rows: Rows };
      return last.rows;
    },
    [Symbol.asyncDispose]: () => client.end(),
  };
}

/** Runs statements on a connection of their own, and resolves with the rows of the last. */
export async function runOn(url: string, sql: string): Promise<Rows> {
  await using owner = await connectAsOwner(url);
  return await owner.run(sql);
}

/** Removes every row, and counts events anew; quicker than `truncate`, which makes files anew. */
export const EMPTY_TABLES = `
  delete from outbox; delete from audit_events; delete from sessions; delete from authorizations;
  delete from accounts; delete from notices; delete from deletions; delete from spent_allowances;
  delete from settings; delete from questions; delete from requests; delete from leases;
  alter sequence audit_events_id_seq restart`;
