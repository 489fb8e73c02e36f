import { hash } from 'node:crypto';
import { hashToken } from '../../../src/core/sessions/token.ts';
import { moveInto } from '../../../src/store/move/move.ts';
import { migrate } from '../../../src/store/postgres/server/migrate.ts';
import { openConnection } from '../../../src/store/postgres/server/pools.ts';
import { openStopped } from '../../../src/store/sqlite/file/stopped.ts';
import { atMost, newSession } from '../../support/fixtures.ts';
import { findPostgres, type PostgresServer, startPostgres } from '../../support/postgres-server.ts';
import { eachAwaited, manyAtOnce } from '../candidates.ts';
import { startChild } from '../child.ts';
import { copyOf, databaseOf, policedDatabaseOf, removeDatabase } from '../data.ts';
import { farFrom } from '../far.ts';
import { findLoad, writeHeaders } from '../load.ts';
import { member, openOurs } from '../ours.ts';
import { ASKED } from '../policed.ts';
import { createPool } from '../pool.ts';
import type { Plan, Result, Section } from '../result.ts';
import { type Laps, race, ratio, shuffled, typical } from '../rounds.ts';
import { sampleRows, tokenOf, userId } from '../rows.ts';

const SAMPLE = 20_000;
const AT_ONCE = 64;
const ROUNDS = 15;
const QUICK_ROUNDS = 3;
/** How far away the server is for creations, there and back. */
const AWAY_MS = 2;

interface Reference {
  fill(rows: number): Promise<void>;
  check(token: string): Promise<unknown>;
  close(): Promise<void>;
}

export const postgres: Section = {
  name: 'PostgreSQL',
  async run(plan) {
    if (findPostgres() === undefined) {
      return 'skipped: no PostgreSQL (initdb, postgres) on this machine';
    }
    await using server = await startPostgres();
    const url = await fill(server, await databaseOf(plan.usual));
    const policedUrl = await fill(server, await policedDatabaseOf(plan.usual));
    return [
      ...(await besideReference(server, plan)),
      ...(await overHttp(url, policedUrl, plan)),
      ...(await inProcess(url, plan)),
      ...(await creations(server, url, plan)),
    ];
  },
};

/** The same sessions as in the file. */
async function fill(server: PostgresServer, file: string): Promise<string> {
  const url = await server.createDatabase();
  await migrate({ connect: () => openConnection(url) });
  const connection = await openConnection(url);
  const copy = copyOf(file);
  {
    using stopped = await openStopped(copy, Date.now());
    await moveInto(connection, stopped, 'the benchmark', {
      clock: Date.now,
      monotonicNow: () => performance.now(),
      random: Math.random,
      screen: { isTerminal: false, width: 80, write() {} },
      signal: new AbortController().signal,
    });
  }
  removeDatabase(copy);
  // As the server would do it within a minute: visible to all, so that nothing does so meanwhile.
  await connection.query({ text: 'vacuum' });
  connection.release(true);
  return url;
}

async function besideReference(
  server: PostgresServer,
  { usual, quick }: Plan,
): Promise<readonly Result[]> {
  const reference = (await import(new URL('../peers/postgres.js', import.meta.url).href)) as {
    connect(host: string, port: number, user: string): Promise<Reference>;
  };
  await using ours = openOurs(await databaseOf(usual));
  const peer = await reference.connect(server.folder, server.port, 'owner');
  await peer.fill(usual);
  const rows = sampleRows(usual, SAMPLE);
  const keys = rows.map((index) => hash('sha256', String(index)));
  if ((await peer.check(keys[0] ?? '')) === null)
    throw new Error('PostgreSQL refuses what is good');
  const tokens = rows.map((index) => tokenOf(index));
  const laps = await race(
    [
      eachAwaited('check', tokens, (token) => ours.sessions.verify(token)),
      eachAwaited('statements', keys, (key) => peer.check(key)),
    ],
    { rounds: quick ? 7 : 15, ms: 100, clock: 'wall' },
  );
  await peer.close();
  return [
    {
      goal: 'G12',
      value: ratio(laps, 'statements', 'check'),
      remark: `${typical(laps, 'check').toFixed(1)} and ${typical(laps, 'statements').toFixed(0)} us, over a socket file`,
    },
  ];
}

/** Servers of one process each, and the database beside them on the same machine. */
async function overHttp(
  url: string,
  policedUrl: string,
  { usual, quick }: Plan,
): Promise<readonly Result[]> {
  await using children = new AsyncDisposableStack();
  const rows = sampleRows(usual, SAMPLE);
  const headersFile = writeHeaders(
    'postgres',
    rows.map((index) => ['Authorization', tokenOf(index)]),
  );
  const file = await databaseOf(usual);
  const start = async (name: string, program: string, ...args: readonly string[]) => {
    const child = children.use(startChild({ script: `test/bench/servers/${program}.ts`, args }));
    return { name, child, url: `http://127.0.0.1:${await child.port}/sessions/@me` };
  };
  const policed = await start('scopes', 'latchkey', '--policy', policedUrl);
  const servers = [
    await start('Latchkey', 'latchkey', url),
    await start('on SQLite', 'latchkey', file),
    await start('node:http', 'raw', url),
    await start('pool', 'pool', url),
    policed,
    { ...policed, name: 'a scope asked for', url: policed.url + ASKED },
  ];
  const { send } = findLoad();
  const laps = () => new Map(servers.map(({ name }): [string, number[]] => [name, []]));
  const [times, cpu] = [laps(), laps()];
  for (const server of servers) await send(server.url, headersFile, 1, AT_ONCE);
  for (let round = 0; round < (quick ? QUICK_ROUNDS : ROUNDS); round += 1) {
    for (const { name, child, url: address } of shuffled(servers, round)) {
      const before = await child.usage();
      const load = await send(address, headersFile, quick ? 1 : 3, AT_ONCE);
      const after = await child.usage();
      if (load.failed > 0 || load.requests === 0) {
        throw new Error(`${name}: ${load.failed} of ${load.requests} requests failed`);
      }
      times.get(name)?.push(1e6 / load.perSecond);
      cpu.get(name)?.push((after.cpu - before.cpu) / load.requests);
    }
  }
  const against = (other: string) => ({
    value: ratio(times, other, 'Latchkey'),
    remark: `by CPU in Node ${ratio(cpu, other, 'Latchkey').toFixed(2)}`,
  });
  const costOf = (name: string) => ({
    value: ratio(times, name, 'Latchkey'),
    remark: `by CPU in Node ${ratio(cpu, name, 'Latchkey').toFixed(2)}`,
  });
  return [
    { goal: 'G19', ...against('on SQLite') },
    { goal: 'G19b', ...against('pool') },
    { goal: 'G19c', ...against('node:http') },
    { goal: 'G22d', ...costOf('scopes') },
    { goal: 'G22e', ...costOf('a scope asked for') },
    ...perRequest(times, cpu),
  ];
}

function perRequest(times: Laps, cpu: Laps): Result[] {
  return [...times.keys()].map((name) => ({
    what: `requests: ${name}`,
    value: 1e6 / typical(times, name),
    unit: '/s',
    remark: `${typical(cpu, name).toFixed(1)} us of CPU in Node each`,
  }));
}

async function inProcess(url: string, { usual, quick }: Plan): Promise<readonly Result[]> {
  await using ours = openOurs(url);
  await using pool = createPool(url);
  const keys = sampleRows(usual, SAMPLE).map((index) => hashToken(tokenOf(index)));
  if ((await ours.store.findByToken(keys[0]!)) === null) throw new Error('what is good is refused');
  const find = (key: Uint8Array) => ours.store.findByToken(key);
  const many = [
    manyAtOnce('check', keys, find, AT_ONCE),
    manyAtOnce('pool', keys, (key) => pool.find(key), AT_ONCE),
  ];
  const one = [
    eachAwaited('check', keys, find),
    eachAwaited('pool', keys, (key) => pool.find(key)),
  ];
  const rounds = quick ? 5 : 11;
  const times = await race(many, { rounds, ms: 150, clock: 'wall' });
  const cpu = await race(many, { rounds, ms: 150, clock: 'cpu' });
  const alone = await race(one, { rounds: rounds + 2, ms: 100, clock: 'wall' });
  return [
    { goal: 'G20', value: ratio(times, 'pool', 'check') },
    { goal: 'G20b', value: ratio(cpu, 'check', 'pool') },
    {
      goal: 'G20c',
      value: ratio(alone, 'check', 'pool'),
      remark: `${typical(alone, 'check').toFixed(0)} us`,
    },
  ];
}

async function creations(
  server: PostgresServer,
  url: string,
  { quick }: Plan,
): Promise<readonly Result[]> {
  await using way = await farFrom(server.port, AWAY_MS);
  const far = new URL(url);
  far.port = String(way.port);
  await using ours = openOurs(far.href);
  await using pool = createPool(far.href);
  const limits = atMost(1_000_000);
  const users = Array.from({ length: 100 }, (_, index) => userId(index));
  const laps = await race(
    [
      eachAwaited('creation', users, (user) =>
        ours.store.add(
          { actor: member(user), at: Date.now() },
          newSession({ userId: user, createdAt: Date.now() }),
          limits,
        ),
      ),
      eachAwaited('trip', users, () => pool.ask()),
    ],
    { rounds: quick ? 5 : 9, ms: 200, clock: 'wall' },
  );
  return [
    {
      goal: 'G21',
      value: ratio(laps, 'creation', 'trip'),
      remark: `one took ${(typical(laps, 'trip') / 1_000).toFixed(1)} ms`,
    },
  ];
}
