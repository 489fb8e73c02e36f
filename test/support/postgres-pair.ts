import { setTimeout as delay } from 'node:timers/promises';
import { type MovingAddress, startMovingAddress } from './moving-address.ts';
import { type PostgresServer, runOn, startPostgres } from './postgres-server.ts';

/** A primary and its standby, behind one address that leads to whichever is the primary. */
export interface PostgresPair extends AsyncDisposable {
  /** The address of a new database, by way of that. */
  createDatabase(): Promise<string>;
  /** From now on nothing that the primary writes reaches the standby. */
  stallReplication(): void;
  resumeReplication(): void;
  /** The address leads to the standby, though that is none to write to. */
  misdirect(): void;
  /** The primary's machine dies; the standby takes its place, and the address leads there. */
  failOver(): Promise<void>;
  /** Gives the primary a standby again, once it has everything. */
  follow(): Promise<void>;
}

const SETTINGS = [
  'wal_retrieve_retry_interval=100ms',
  // In its folder, and so gone with it.
  'dynamic_shared_memory_type=mmap',
];

/** Whether a commit waits for the standby, as `synchronous_standby_names` says. */
export async function startPostgresPair({ waits = true } = {}): Promise<PostgresPair> {
  await using parts = new AsyncDisposableStack();
  let running: AsyncDisposableStack = parts;
  let primary = parts.use(await startPostgres({ settings: SETTINGS }));
  const address = parts.use(await startMovingAddress(primary.port));
  let standby: PostgresServer;
  let replication: MovingAddress;
  const owner = () => primary.url('postgres');

  async function follow(): Promise<void> {
    const [from, user] = [['-h', '127.0.0.1', '-p', String(primary.port)], 'owner'];
    replication = running.use(await startMovingAddress(primary.port));
    const way = `primary_conninfo=host=127.0.0.1 port=${replication.port} user=${user}`;
    standby = running.use(
      await startPostgres({
        settings: [...SETTINGS, way],
        prepare: (data, run) =>
          run('pg_basebackup', [
            '-D',
            data,
            ...from,
            '-U',
            user,
            '-R',
            '-X',
            'stream',
            '-c',
            'fast',
          ]),
      }),
    );
    // Only now: a standby that took this over would wait for one of its own.
    if (waits) await runOn(owner(), "alter system set synchronous_standby_names = '*'");
    await runOn(owner(), 'select pg_reload_conf()');
    const state = waits ? 'sync' : 'async';
    const following = `select 1 from pg_stat_replication where sync_state = '${state}' and replay_lsn is not null`;
    while ((await runOn(owner(), following)).length === 0) await delay(20);
  }

  await follow();
  running = parts.move();
  return {
    async createDatabase() {
      const url = new URL(await primary.createDatabase());
      url.port = String(address.port);
      return url.href;
    },
    stallReplication: () => replication.stall(),
    resumeReplication: () => replication.lead(primary.port),
    misdirect: () => address.lead(standby.port),
    async failOver() {
      await primary.die();
      await primary[Symbol.asyncDispose]();
      await runOn(standby.url('postgres'), 'select pg_promote(true, 30)');
      primary = standby;
      address.lead(primary.port);
    },
    follow,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
