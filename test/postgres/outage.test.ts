import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AppError } from '../../src/core/errors.ts';
import type { Store } from '../../src/core/store.ts';
import { migrate } from '../../src/store/postgres/server/migrate.ts';
import { useServer } from '../../src/store/postgres/server/open.ts';
import { openConnection } from '../../src/store/postgres/server/pools.ts';
import { type PostgresServer, runOn, startPostgres } from '../support/postgres-server.ts';
import { QUIETLY } from '../support/product-database.ts';

const PASSWORD = 'right-horse';
const UNAVAILABLE = { code: 'unavailable' };
const SETTING = 'alter role latchkey set default_transaction_read_only';
const HASH = new Uint8Array(32);
/** What a check may take, and what a machine with much else to do may add. */
const LIMIT_MS = 2_000 + 1_500;

let server: PostgresServer;
let url: string;
let store: Store;

beforeAll(async () => {
  server = await startPostgres({
    settings: ['max_connections=12'],
    prepare(data, run) {
      run('initdb', ['-D', data, '-U', 'owner', '-A', 'trust', '-N']);
      const rules = readFileSync(join(data, 'pg_hba.conf'), 'utf8');
      writeFileSync(join(data, 'pg_hba.conf'), `host all latchkey all scram-sha-256\n${rules}`);
    },
  });
  url = await server.createDatabase();
  await migrate({ connect: () => openConnection(url) });
  await runOn(
    url,
    `create role latchkey login password '${PASSWORD}';
    grant pg_read_all_data, pg_write_all_data to latchkey`,
  );
});

beforeEach(() => {
  store = useServer({ url: asLatchkey(), connections: 4 }, QUIETLY);
  return () => store.close();
});

afterAll(() => server[Symbol.asyncDispose]());

function asLatchkey(): string {
  return Object.assign(new URL(url), { username: 'latchkey', password: PASSWORD }).href;
}

function refusalOf(error: unknown) {
  if (error instanceof AppError) return error.refusal;
  throw error;
}

/** After how many milliseconds a check was refused, since the database is unavailable. */
async function refusedAfter(): Promise<number> {
  const since = performance.now();
  expect(await check()).toEqual(UNAVAILABLE);
  return performance.now() - since;
}

/** The row of no token, or why none was looked for. */
const check = () => store.findByToken(HASH).catch(refusalOf);

describe('a store whose server', () => {
  test('hangs refuses checks within their limit, and answers again by itself', async () => {
    await check();
    server.signal('SIGSTOP');
    try {
      const waited = await Promise.all(Array.from({ length: 5 }, refusedAfter));
      // Those who come later find no connection, and wait no longer.
      waited.push(await refusedAfter());
      await expect(store.ping()).rejects.toThrow('unavailable');
      expect(Math.max(...waited)).toBeLessThan(LIMIT_MS);
      expect(await store.isWritable()).toBe(false);
    } finally {
      server.signal('SIGCONT');
    }
    await expect.poll(check).toBeNull();
    expect(await store.isWritable()).toBe(true);
  });

  test('is started anew refuses meanwhile, and answers again by itself', async () => {
    await check();
    await store.ping();
    await server.stop();
    expect(await refusedAfter()).toBeLessThan(LIMIT_MS);
    expect(await store.isWritable()).toBe(false);
    await server.start();
    await expect.poll(check).toBeNull();
    await expect.poll(() => store.isWritable()).toBe(true);
  });

  test('ends its connections makes new ones, and no check fails for that', async () => {
    await check();
    await endConnections();
    expect(await check()).toBeNull();
  });

  test('fails at one query refuses who asked with it, and nobody else', async () => {
    const waiting = async () => {
      const [found] = await runOn(
        url,
        `select pid, (select count(*) from pg_stat_activity where wait_event_type = 'Lock')::int as count
          from pg_stat_activity where wait_event_type = 'Lock' order by query_start limit 1`,
      );
      return found;
    };
    const lock = new Client({ connectionString: url });
    await lock.connect();
    await lock.query('begin; lock table sessions');
    const one = Promise.all([check(), check()]);
    await expect.poll(waiting).toMatchObject({ count: 1 });
    const first = await waiting();
    const other = Promise.all([check(), check()]);
    await expect.poll(waiting).toMatchObject({ count: 2 });
    const next = check();
    await runOn(url, `select pg_cancel_backend(${Number(first?.['pid'])})`);
    expect(await one).toEqual([UNAVAILABLE, UNAVAILABLE]);
    await lock.end();
    expect(await Promise.all([other, next])).toEqual([[null, null], null]);
  });

  test('lets in no more waits until there is room', async () => {
    await using others = await takeAllConnections();
    const answer = check();
    await others.leaveOne();
    expect(await answer).toBeNull();
  });

  test('lets in no more refuses checks within their limit', async () => {
    await using _ = await takeAllConnections();
    const waited = await refusedAfter();
    expect(waited).toBeGreaterThan(1_000);
    expect(waited).toBeLessThan(LIMIT_MS);
  });

  test('has another password by now refuses who is new, until it is set right', async () => {
    await runOn(url, "alter role latchkey password 'another'");
    await endConnections();
    expect(await check()).toEqual(UNAVAILABLE);
    await runOn(url, `alter role latchkey password '${PASSWORD}'`);
    await expect.poll(check).toBeNull();
  });

  test('takes no more writes refuses them, and keeps no connection from that time', async () => {
    const write = () => store.saveSetting('last', 'written').catch(refusalOf);
    await runOn(url, `${SETTING} = on`);
    await endConnections();
    expect(await write()).toEqual(UNAVAILABLE);
    expect(await store.isWritable()).toBe(false);
    await runOn(url, `${SETTING} = off`);
    await expect.poll(write).toBeUndefined();
    expect(await store.findSetting('last')).toBe('written');
  });
});

/** Of those who are not superusers. */
async function endConnections(): Promise<void> {
  await runOn(
    url,
    "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'latchkey'",
  );
}

/** Of those that are open to all, also such as the server is about to have back. */
async function takeAllConnections() {
  const taken: Client[] = [];
  for (let refusals = 0; refusals < 3;) {
    const client = new Client({ connectionString: asLatchkey() });
    client.on('error', () => {});
    try {
      await client.connect();
      taken.push(client);
    } catch {
      refusals += 1;
      await delay(50);
    }
  }
  return {
    leaveOne: () => taken.pop()?.end(),
    async [Symbol.asyncDispose]() {
      await Promise.all(taken.map((client) => client.end()));
    },
  };
}
