import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { AppError } from '../../src/core/errors.ts';
import type { Store } from '../../src/core/store.ts';
import { openServer, useServer } from '../../src/store/postgres/server/open.ts';
import { StoreError, UnusableDatabase } from '../../src/store/store-error.ts';
import { ANA, atMost, collectLog, member, newSession, START } from '../support/fixtures.ts';
import { freePort } from '../support/free-port.ts';
import {
  asNobody,
  createDatabase,
  type PostgresServer,
  runOn,
  startPostgres,
} from '../support/postgres-server.ts';
import { QUIETLY } from '../support/product-database.ts';

const PASSWORD = 'right-horse';
const PGBOUNCER = '/usr/sbin/pgbouncer';

/** Who gets in, and how. */
const RULES = `
host all guarded 127.0.0.1/32 scram-sha-256
hostssl all encrypted 127.0.0.1/32 scram-sha-256
host all encrypted 127.0.0.1/32 reject
host all all 127.0.0.1/32 trust
host replication all 127.0.0.1/32 trust
local all all trust
`;
const ROLES = `
create role guarded login password '${PASSWORD}';
create role encrypted login superuser password '${PASSWORD}';
create role stranger login;
`;

const END_ENCRYPTED =
  "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'encrypted'";

/** With TLS, and as careful as one that is meant to be kept. */
let server: PostgresServer;
let url: string;
/** The file of the authority behind its certificate, which is for 127.0.0.1. */
let authority: string;

beforeAll(async () => {
  server = await startPostgres({
    settings: ['fsync=on', 'ssl=on'],
    prepare(data, run) {
      run('initdb', ['-D', data, '-U', 'owner', '-A', 'trust', '-N']);
      writeFileSync(join(data, 'pg_hba.conf'), RULES);
      makeCertificate(data, 'server');
    },
  });
  authority = join(server.folder, 'data/server.crt');
  url = await server.createDatabase();
  await runOn(url, ROLES);
});

afterAll(() => server[Symbol.asyncDispose]());

function makeCertificate(folder: string, name: string): string {
  const paths = ['key', 'crt'].map((kind) => join(folder, `${name}.${kind}`));
  const files = ['-keyout', paths[0]!, '-out', paths[1]!];
  const subject = ['-subj', '/CN=test', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...files, ...subject];
  execFileSync('openssl', args, { stdio: 'ignore' });
  for (const path of paths) asNobody(path);
  return paths[1]!;
}

/** The same address, but for these parts. */
function at(
  parts: Partial<Pick<URL, 'hostname' | 'username' | 'password' | 'port' | 'pathname' | 'search'>>,
) {
  return Object.assign(new URL(url), parts).href;
}

const verifying = (file: string) => `?sslmode=verify-full&sslrootcert=${file}`;

/** What a start logs and says at its end: never a password. */
async function start(address: string): Promise<{ says: string; isFinal: boolean }> {
  const { log, lines } = collectLog();
  let end: StoreError | undefined;
  try {
    const { store } = await openServer({ url: address, connections: 4 }, { ...QUIETLY, log });
    await store.close();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    end = error;
  }
  const says = [...lines, end?.message ?? ''].join('\n');
  expect(says).not.toContain('horse');
  return { says, isFinal: end instanceof UnusableDatabase };
}

/** As a process does that only uses it. */
function use(address: string): Store {
  const store = useServer({ url: address, connections: 8 }, QUIETLY);
  onTestFinished(() => store.close());
  return store;
}

/** Of these one is waited for at each commit from now on. */
async function waitForStandby(names: string): Promise<void> {
  await runOn(url, `alter system set synchronous_standby_names = '${names}'`);
  await runOn(url, 'select pg_reload_conf()');
}

const WAITING = `select pid from pg_stat_activity where wait_event = 'SyncRep'`;

describe('a start on PostgreSQL', () => {
  test('says what it found, and warns of nothing where nothing is amiss', async () => {
    const { says } = await start(url);
    expect(says).toMatch(/"isolation":"read committed","waitsForStandby":"none"/);
    expect(says).toMatch(/the database is on PostgreSQL \d+/);
    expect(says).not.toContain('"level":40');
  });

  test('goes over TLS, with a certificate from the authority that is named', async () => {
    const search = verifying(authority);
    const { says } = await start(at({ username: 'encrypted', password: PASSWORD, search }));
    expect(says).toContain('the database is on PostgreSQL');
  });

  test('goes on where the certificate, or the authority behind it, is another one by now', async () => {
    const file = join(server.folder, 'authorities.pem');
    copyFileSync(authority, file);
    const search = verifying(file);
    const store = use(at({ username: 'encrypted', password: PASSWORD, search }));
    const check = () =>
      store.findByToken(new Uint8Array(32)).catch((error: AppError) => error.code);
    const change = async () => {
      makeCertificate(join(server.folder, 'data'), 'server');
      await runOn(url, 'select pg_reload_conf()');
      // Who is connected stays so; each connection ends some time.
      await runOn(url, END_ENCRYPTED);
    };
    await start(url);
    expect(await check()).toBeNull();
    await change();
    // Nobody knows who answers there now: nothing is asked.
    await expect.poll(check).toBe('unavailable');
    copyFileSync(authority, file);
    await expect.poll(check).toBeNull();
  });

  test.each([
    ['the password is wrong', { username: 'guarded', password: 'wrong-horse' }, /the password in/],
    ['there is no password', { username: 'guarded' }, /DATABASE_URL has none/],
    ['there is no such user', { username: 'nobody' }, /role "nobody" does not exist/],
    ['there is no such database', { pathname: '/nothing' }, /Make it with createdb/],
    ['encryption is asked for', { username: 'encrypted' }, /add sslmode=verify-full/],
    ['nobody knows the authority', { search: '?sslmode=verify-full' }, /not trusted.*sslrootcert=/],
    ['the file of the authority is not there', { search: verifying('/none.pem') }, /none\.pem/],
    ['the user may not make tables', { username: 'stranger', pathname: '/postgres' }, /grant it/],
  ])('where %s ends with a sentence', async (_, parts, sentence) => {
    expect((await start(at(parts))).says).toMatch(sentence);
  });

  test('where another authority is named ends with a sentence', async () => {
    const search = verifying(makeCertificate(server.folder, 'other'));
    expect((await start(at({ search }))).says).toMatch(/not trusted/);
  });

  test('where the certificate is for another name ends with a sentence', async () => {
    const address = at({ hostname: 'localhost', search: verifying(authority) });
    expect((await start(address)).says).toMatch(/another name: .*localhost/);
  });

  test('where the server has no encryption ends with a sentence', async () => {
    const address = `${process.env['TEST_POSTGRES_URL']}?sslmode=verify-full`;
    expect((await start(address)).says).toContain('has no encryption');
  });

  test('warns where a crash of the server may lose what was acknowledged', async () => {
    const hasty = await createDatabase(process.env['TEST_POSTGRES_URL'] ?? '');
    expect((await start(hasty)).says).toContain('fsync=off');
    const lazy = await server.createDatabase();
    await runOn(lazy, `alter database ${nameOf(lazy)} set synchronous_commit = off`);
    expect((await start(lazy)).says).toContain('synchronous_commit=off');
  });

  test('says that a standby is missing before it has to wait for it', async () => {
    const empty = await server.createDatabase();
    await waitForStandby('ANY 1 (nobody)');
    const starting = start(empty);
    try {
      await expect.poll(() => runOn(url, WAITING)).not.toEqual([]);
    } finally {
      await waitForStandby('');
    }
    const { says } = await starting;
    expect(says.indexOf('none is connected')).toBeGreaterThan(0);
    expect(says.indexOf('brought up to date')).toBeGreaterThan(says.indexOf('none is connected'));
  });

  test('looks again once the server was away', async () => {
    const address = await server.createDatabase();
    const { log, lines } = collectLog();
    const { store } = await openServer({ url: address, connections: 4 }, { ...QUIETLY, log });
    onTestFinished(() => store.close());
    await runOn(address, `alter database ${nameOf(address)} set synchronous_commit = off`);
    await server.stop();
    await expect(store.ping()).rejects.toThrow('unavailable');
    await server.start();
    const answers = () =>
      store.ping().then(
        () => true,
        () => false,
      );
    await expect.poll(answers).toBe(true);
    await expect.poll(() => lines.join('')).toContain('synchronous_commit=off');
  });

  test.each(['repeatable read', 'serializable'])(
    'warns where transactions are %s unless told otherwise, and limits hold all the same',
    async (isolation) => {
      const address = await server.createDatabase();
      const setting = `default_transaction_isolation = '${isolation}'`;
      await runOn(address, `alter database ${nameOf(address)} set ${setting}`);
      expect((await start(address)).says).toContain(`isolation is ${isolation}`);
      const store = use(address);
      const act = { actor: member(ANA), at: START };
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, () => store.add(act, newSession(), atMost(3))),
      );
      expect(outcomes.filter(({ is }) => is === 'stored')).toHaveLength(3);
    },
  );

  test('where a standby answers is refused, and one that nobody waits for is warned of', async () => {
    await start(url);
    await using standby = await startPostgres({
      prepare(data, run) {
        const from = ['-h', '127.0.0.1', '-p', String(server.port), '-U', 'owner'];
        run('pg_basebackup', ['-D', data, ...from, '-R', '-X', 'stream', '-c', 'fast']);
      },
    });
    const address = at({ port: String(standby.port) });
    expect((await start(address)).says).toContain('leads to a standby');
    // Where the address leads there later, nobody asks it either.
    await expect(use(address).findByToken(new Uint8Array(32))).rejects.toThrow('unavailable');
    await expect.poll(async () => (await start(url)).says).toContain('no standby is waited for');
  });

  // Where Debian's package is not installed; .ci/run installs it.
  test.skipIf(!existsSync(PGBOUNCER))(
    'behind PgBouncer 1.18 needs a session for itself, and ends for good without one',
    async () => {
      const refused = await start(await startPgBouncer('transaction'));
      expect(refused.says).toContain('use 1.21 or later');
      expect(refused.isFinal).toBe(true);
      const { says } = await start(await startPgBouncer('session'));
      expect(says).toContain('the database is on PostgreSQL');
    },
  );
});

function nameOf(address: string): string {
  return new URL(address).pathname.slice(1);
}

/** Resolves with the way through it. */
async function startPgBouncer(mode: 'session' | 'transaction'): Promise<string> {
  const port = await freePort();
  const file = join(server.folder, `${mode}.ini`);
  writeFileSync(
    file,
    `[databases]
    * = host=127.0.0.1 port=${server.port} user=owner
    [pgbouncer]
    listen_addr = 127.0.0.1
    listen_port = ${port}
    unix_socket_dir =
    auth_type = any
    pool_mode = ${mode}`,
  );
  const child = spawn(PGBOUNCER, [file], { ...asNobody(file), stdio: 'ignore' });
  onTestFinished(() => void child.kill());
  return at({ port: String(port) });
}
