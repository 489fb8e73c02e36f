import { spawn } from 'node:child_process';
import { appendFileSync, chownSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { AppError } from '../../src/core/errors.ts';
import type { Store } from '../../src/core/store.ts';
import { openServer, useServer } from '../../src/store/postgres/server/open.ts';
import { StoreError, UnusableDatabase } from '../../src/store/store-error.ts';
import {
  ANA,
  atMost,
  banBy,
  collectLog,
  member,
  newSession,
  STAFF,
  START,
} from '../support/fixtures.ts';
import { freePort } from '../support/free-port.ts';
import { type PostgresServer, runOn, startPostgres } from '../support/postgres-server.ts';
import { QUIETLY } from '../support/product-database.ts';

const HASH = new Uint8Array(32);
const PGBOUNCER = '/usr/sbin/pgbouncer';

let server: PostgresServer;
let url: string;

beforeAll(async () => {
  server = await startPostgres({
    settings: ['max_connections=12', 'superuser_reserved_connections=3'],
    prepare(data, run) {
      run('initdb', ['-D', data, '-U', 'owner', '-A', 'trust', '-N']);
      const rules = [
        'host all guarded 127.0.0.1/32 scram-sha-256',
        'hostssl all encrypted 127.0.0.1/32 trust',
        'host all encrypted 127.0.0.1/32 reject',
        'host all all 127.0.0.1/32 trust',
        'host replication all 127.0.0.1/32 trust',
        'local all all trust',
      ];
      writeFileSync(join(data, 'pg_hba.conf'), `${rules.join('\n')}\n`);
    },
  });
  url = await server.createDatabase();
  const roles = ['guarded', 'encrypted', 'weak', 'latchkey'].map(
    (name) => `create role ${name} login password 'right'`,
  );
  await runOn(url, roles.join('; '));
});

afterAll(() => server[Symbol.asyncDispose]());

/** The same server for another user, or as something else is changed in its address. */
function as(user: string, change: (address: URL) => void = () => {}): string {
  const address = new URL(url);
  address.username = user;
  change(address);
  return address.href;
}

/** What a start says, and what it logs. */
async function start(at: string) {
  const { log, lines } = collectLog(['right', 'wrong-password']);
  try {
    const { store } = await openServer({ url: at, connections: 4 }, { ...QUIETLY, log });
    await store.close();
    return { lines: lines.join('\n') };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return { message: error.message, isFinal: error instanceof UnusableDatabase };
  }
}

function use(at: string): Store {
  const store = useServer({ url: at, connections: 4 }, QUIETLY);
  onTestFinished(() => store.close());
  return store;
}

/** How long a check took to be refused as `unavailable`; that it was answered is an error. */
async function refusedAfter(store: Store): Promise<number> {
  const since = performance.now();
  const error: unknown = await store.findByToken(HASH).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(AppError);
  expect((error as AppError).refusal).toMatchObject({ code: 'unavailable' });
  return performance.now() - since;
}

describe('a start', () => {
  test('says what it found, and what may be lost', async () => {
    const { lines } = await start(url);
    expect(lines).toMatch(/"waitsForStandby":"none".*the database is on PostgreSQL \d+/);
    expect(lines).toContain('fsync=off');
  });

  test.each([
    ['the password is wrong', () => as('guarded', (at) => (at.password = 'wrong-password'))],
    ['there is no password', () => as('guarded')],
  ])('where %s says so, and not the password', async (_, at) => {
    const { message } = await start(at());
    expect(message).toMatch(/password/);
    expect(message).not.toContain('wrong-password');
  });

  test.each([
    [
      'the database is not there',
      () => as('owner', (at) => (at.pathname = '/nothing')),
      /createdb/,
    ],
    ['encryption is asked for', () => as('encrypted'), /sslmode=verify-full/],
    [
      'there is no encryption',
      () => as('owner', (at) => (at.search = '?sslmode=verify-full')),
      /has no encryption/,
    ],
    [
      'the file of the authority is missing',
      () => as('owner', (at) => (at.search = '?sslmode=verify-full&sslrootcert=/nothing.pem')),
      /nothing\.pem/,
    ],
    [
      'the user may not make tables',
      () => as('weak', (at) => (at.pathname = '/postgres')),
      /grant/,
    ],
  ])('where %s says so in a sentence', async (_, at, words) => {
    expect((await start(at())).message).toMatch(words);
  });

  test('where a standby answers is refused', async () => {
    await using standby = await startPostgres({
      prepare(data, run) {
        const from = ['-h', '127.0.0.1', '-p', String(server.port), '-U', 'owner'];
        run('pg_basebackup', ['-D', data, ...from, '-R', '-X', 'stream', '-c', 'fast']);
      },
    });
    const at = new URL(url);
    at.port = String(standby.port);
    expect((await start(at.href)).message).toContain('leads to a standby');
    // One that comes later is refused by each connection.
    await refusedAfter(use(at.href));
    expect((await start(url)).lines).toContain('no standby is waited for');
  });

  test('with an unusual isolation warns, and counts right all the same', async () => {
    const at = await server.createDatabase();
    const name = new URL(at).pathname.slice(1);
    await runOn(at, `alter database ${name} set default_transaction_isolation = 'serializable'`);
    expect((await start(at)).lines).toContain('default_transaction_isolation is serializable');
    const stores = [use(at), use(at)];
    const act = { actor: member(ANA), at: START };
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        stores[index % 2]!.add(act, newSession(), atMost(3)),
      ),
    );
    expect(outcomes.filter(({ is }) => is === 'stored')).toHaveLength(3);
  });

  test.skipIf(!existsSync(PGBOUNCER))(
    'behind an old PgBouncer in transaction mode is refused for good',
    async () => {
      const port = await freePort();
      const file = join(server.folder, 'pgbouncer.ini');
      const { port: at, folder } = server;
      writeFileSync(
        file,
        `[databases]\n* = host=127.0.0.1 port=${at}\n[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port=${port}\nauth_type=any\npool_mode=transaction\nunix_socket_dir=\n`,
      );
      appendFileSync(file, `logfile=${join(folder, 'pgbouncer.log')}\n`);
      chownSync(file, 65_534, 65_534);
      const child = spawn(PGBOUNCER, [file], { uid: 65_534, gid: 65_534, stdio: 'ignore' });
      onTestFinished(() => void child.kill());
      const pooled = new URL(url);
      pooled.port = String(port);
      pooled.pathname = '/postgres';
      await delay(300);
      const { message, isFinal } = await start(pooled.href);
      expect(message).toContain('use 1.21 or later');
      expect(isFinal).toBe(true);
    },
  );
});

describe('a store', () => {
  test('on a server that hangs refuses checks in time, and answers again by itself', async () => {
    await start(url);
    const store = use(url);
    expect(await store.findByToken(HASH)).toBeNull();
    server.signal('SIGSTOP');
    const waited = await Promise.all(Array.from({ length: 5 }, () => refusedAfter(store)));
    const later = await refusedAfter(store);
    server.signal('SIGCONT');
    for (const ms of [...waited, later]) expect(ms).toBeLessThan(3_000);
    await expect.poll(() => store.findByToken(HASH).catch(() => 'refused')).toBeNull();
    expect(await store.isWritable()).toBe(true);
  });

  test('whose server is started anew refuses meanwhile, and answers again by itself', async () => {
    const store = use(url);
    expect(await store.findByToken(HASH)).toBeNull();
    await store.ping();
    await server.stop();
    expect(await refusedAfter(store)).toBeLessThan(3_000);
    expect(await store.isWritable()).toBe(false);
    await server.start();
    await expect.poll(() => store.findByToken(HASH).catch(() => 'refused')).toBeNull();
    await expect.poll(() => store.isWritable()).toBe(true);
  });

  test('that gets no more connections waits for one, and then refuses', async () => {
    const others: Client[] = [];
    for (let full = false; !full;) {
      const client = new Client({ connectionString: as('latchkey') });
      client.on('error', () => {});
      await client.connect().then(
        () => others.push(client),
        () => (full = true),
      );
    }
    await runOn(url, 'grant select on all tables in schema public to latchkey');
    const store = use(as('latchkey'));
    expect(await refusedAfter(store)).toBeGreaterThan(1_000);
    const answer = store.findByToken(HASH);
    await others.pop()!.end();
    expect(await answer).toBeNull();
    await Promise.all(others.map((client) => client.end()));
  });

  test('takes texts that PostgreSQL has no place for', async () => {
    const store = use(url);
    const act = { actor: { ...STAFF, requestId: 'a\0b' }, at: START };
    const reason = 'no\0thing \uD800 half';
    await store.ban(act, ANA, banBy(act, reason), true);
    expect((await store.findAccount(ANA))?.ban?.reason).toBe('no\uFFFDthing \uFFFD half');
    await store.saveSetting('x\0', { y: '\0\uDC00' });
    expect(await store.findSetting('x\0')).toEqual({ y: '\uFFFD\uFFFD' });
    const none = { userId: 'x\0', now: START, limit: 9, after: "'; drop table sessions" };
    expect(await store.names(none)).toEqual([]);
    expect(await store.findLive(ANA, 'no id\0', START)).toBeNull();
    expect(await store.findAccount('\uD800')).toBeNull();
  });
});
