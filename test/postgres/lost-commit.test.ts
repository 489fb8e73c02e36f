import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Store } from '../../src/core/store.ts';
import { migrate } from '../../src/store/postgres/server/migrate.ts';
import { useServer } from '../../src/store/postgres/server/open.ts';
import { openConnection } from '../../src/store/postgres/server/pools.ts';
import { type CommitCutter, type Cut, startCommitCutter } from '../support/commit-cutter.ts';
import {
  connectAsOwner,
  createDatabase,
  EMPTY_TABLES,
  type OwnerConnection,
} from '../support/postgres-server.ts';
import { QUIETLY } from '../support/product-database.ts';
import { ANA, atMost, member, newSession, START } from '../support/fixtures.ts';
import { readEverything, type Write, WRITES } from './writes.ts';

let owner: OwnerConnection;
let cutter: CommitCutter;
let store: Store;

beforeAll(async () => {
  const url = await createDatabase(process.env['TEST_POSTGRES_URL'] ?? '');
  owner = await connectAsOwner(url);
  cutter = await startCommitCutter(url);
  await migrate({ connect: () => openConnection(cutter.url) });
  store = useServer({ url: cutter.url, connections: 4 }, QUIETLY);
});

afterAll(async () => {
  await store.close();
  await owner[Symbol.asyncDispose]();
  await cutter[Symbol.asyncDispose]();
});

async function run({ given, act }: Write, where?: Cut, times = 1) {
  await owner.run(EMPTY_TABLES);
  await given?.(store);
  if (where !== undefined) cutter.cut(where, times);
  const result = await act(store);
  expect(cutter.left).toBe(0);
  await cutter.settled();
  return { result, there: await readEverything(owner) };
}

describe.each(WRITES)('%s, when the connection is cut at its commit', (_, each) => {
  test('is done once, and says so', async () => {
    const plain = await run(each);
    const found = { ...plain, ...('found' in each ? { result: each.found } : {}) };
    expect(await run(each, 'before')).toEqual(plain);
    expect(await run(each, 'after')).toEqual(found);
    // Behind the lock of the first attempt, as long as that is under way.
    expect(await run(each, 'late')).toEqual(found);
  });
});

/** Of the protocol, in what greets the server (PostgreSQL, "Message Formats"). */
const VERSION_3 = Buffer.from([0, 3, 0, 0]);
/** Of what a client may set as it greets the server, what a pooler passes on or expects. */
const GREETING = ['user', 'database', 'client_encoding', 'application_name'];
/** What holds on beyond a transaction, and goes to whoever has the connection next (PgBouncer, "Features"). */
const BEYOND =
  /^(?:listen|notify|unlisten|declare|discard|reset|load|prepare|deallocate|create temp|set (?!local\b|transaction\b))|\bpg_(?:try_)?advisory_lock/i;

test('what all of that sends is what a pooler takes that gives a connection to each transaction', async () => {
  const now = START;
  await store.findByToken(new Uint8Array(32));
  await store.findLive(ANA, newSession().session.id, now);
  await store.page({ userId: ANA, now });
  await store.history({ userId: ANA, now, state: 'all', limit: 1 });
  await store.audit({ userId: ANA, limit: 1 });
  await store.inventory({ now, limit: 1 });
  await store.stats(now, now);
  await store.ping();
  await store.isWritable();
  const greetings = cutter.messages.filter((message) => message.indexOf(VERSION_3) === 4);
  const names = greetings.flatMap((message) =>
    textIn(message.subarray(8)).filter((_, index) => index % 2 === 0),
  );
  expect(names.length).toBeGreaterThan(0);
  expect(names.filter((name) => name !== '' && !GREETING.includes(name))).toEqual([]);
  const asked = cutter.messages.flatMap((message) => {
    const kind = String.fromCharCode(message[0] ?? 0);
    if (kind === 'Q') return textIn(message.subarray(5))[0] ?? [];
    if (kind === 'P') return textIn(message.subarray(5))[1] ?? [];
    return [];
  });
  const texts = [...new Set(asked.flatMap((text) => text.split(/; */)))];
  expect(texts.length).toBeGreaterThan(60);
  expect(texts.filter((text) => BEYOND.test(text))).toEqual([]);
});

/** Texts that end with a zero byte each. */
function textIn(bytes: Buffer): readonly string[] {
  return bytes.toString().split('\0');
}

test('a connection that is cut again and again is made anew', async () => {
  const [, add] = WRITES[0]!;
  expect(await run(add, 'before', 3)).toEqual(await run(add));
});

describe('a server that is gone after the commit', () => {
  const act = { actor: member(ANA), at: START };
  const LIMIT = atMost(10);
  const fresh = newSession();

  test('leaves it open for ten seconds, and then the caller hears so', async () => {
    await owner.run(EMPTY_TABLES);
    cutter.cut('after');
    const asked = performance.now();
    const adding = store.add(act, fresh, LIMIT);
    adding.catch(() => {});
    await vi.waitUntil(() => cutter.left === 0, { timeout: 15_000 });
    await cutter.settled();
    cutter.isOpen = false;
    await expect(adding).rejects.toMatchObject({ code: 'uncertain' });
    expect(performance.now() - asked).toBeGreaterThan(9_000);
    // What never was under way is not uncertain.
    await expect(store.add(act, newSession(), LIMIT)).rejects.toMatchObject({
      code: 'unavailable',
    });
    cutter.isOpen = true;
    await expect.poll(() => store.findLive(ANA, fresh.session.id, START)).not.toBeNull();
  });

  test('is waited for, if it comes back before', async () => {
    await owner.run(EMPTY_TABLES);
    cutter.cut('after');
    const adding = store.add(act, fresh, LIMIT);
    await vi.waitUntil(() => cutter.left === 0, { timeout: 15_000 });
    await cutter.settled();
    cutter.isOpen = false;
    await delay(3_000);
    cutter.isOpen = true;
    expect(await adding).toEqual({ is: 'stored' });
  });
});
