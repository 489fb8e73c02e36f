import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { AppError } from '../../src/core/errors.ts';
import { migrate } from '../../src/store/postgres/server/migrate.ts';
import { useServer } from '../../src/store/postgres/server/open.ts';
import { openConnection } from '../../src/store/postgres/server/pools.ts';
import { ANA, atMost, member, newSession, START } from '../support/fixtures.ts';
import { startPostgresPair } from '../support/postgres-pair.ts';
import { runOn } from '../support/postgres-server.ts';
import { QUIETLY } from '../support/product-database.ts';
import { createChance } from '../faults/chance.ts';
import { Client } from './client.ts';

/** `npm run test:postgres -- --long` has more of them. */
const IS_LONG = process.env['TEST_LONG'] !== undefined;
const KILLS = IS_LONG ? 20 : 3;
const LIMIT_MS = 60_000 + 30_000 * KILLS;
const PROCESSES = 2;
const CLIENTS = 8;
/** Acknowledged before each kill. */
const ACTS = 150;
const STALL_MS = 300;

/** What was done twice, or is there and was never written down. */
const NOT_ONCE = `
  select session_id, action from audit_events where session_id is not null
    group by session_id, action having count(*) > 1
  union all
  select id, 'none' from sessions where not exists
    (select from audit_events where session_id = sessions.id)`;

/** A pair of servers under load, whose primary dies so many times, and what became of what was said. */
async function killPrimaries(kills: number, waits: boolean) {
  const pair = await startPostgresPair({ waits });
  onTestFinished(() => pair[Symbol.asyncDispose]());
  const url = await pair.createDatabase();
  await migrate({ connect: () => openConnection(url) });
  const chance = createChance();
  const stores = Array.from({ length: PROCESSES }, () =>
    useServer({ url, connections: 4 }, QUIETLY),
  );
  onTestFinished(async () => void (await Promise.all(stores.map((store) => store.close()))));
  const clients = Array.from({ length: CLIENTS }, (_, index) => {
    const userId = String(100_000_000_000_000_000n + BigInt(index));
    return new Client(userId, stores[index % PROCESSES]!, () => chance.next());
  });
  const faults: string[] = [];
  let slowestMs = 0;
  const sum = (what: 'acknowledged' | 'refused' | 'uncertain') =>
    clients.reduce((total, client) => total + client[what], 0);

  for (let kill = 0; kill < kills; kill += 1) {
    if (kill > 0) await pair.follow();
    const over = new AbortController();
    const acting = clients.map(async (client) => {
      while (!over.signal.aborted) await client.act();
    });
    const enough = sum('acknowledged') + ACTS;
    await vi.waitUntil(() => sum('acknowledged') > enough, { timeout: 30_000 });
    if (kill % 2 === 0) {
      pair.stallReplication();
      await delay(STALL_MS);
    }
    const diedAt = performance.now();
    await pair.failOver();
    slowestMs = Math.max(slowestMs, performance.now() - diedAt);
    // Each goes on by itself.
    const before = clients.map(({ acknowledged }) => acknowledged);
    await vi.waitUntil(
      () => clients.every(({ acknowledged }, index) => acknowledged > before[index]!),
      { timeout: 20_000 },
    );
    over.abort();
    await Promise.all(acting);
    for (const client of clients) faults.push(...(await client.verify()));
  }
  const notOnce = await runOn(url, NOT_ONCE);
  const contradictions = clients.flatMap((client) => client.contradictions);
  return { seed: chance.seed, faults, notOnce, contradictions, slowestMs, sum };
}

test(
  `a primary that dies ${KILLS} times, its standby waited for, takes nothing acknowledged along`,
  async () => {
    const { sum, slowestMs, ...found } = await killPrimaries(KILLS, true);
    const { seed } = found;
    expect(found).toEqual({ seed, faults: [], notOnce: [], contradictions: [] });
    // An act looks for its traces for ten seconds: only where the standby took longer may one stay uncertain.
    expect(slowestMs > 5_000 ? 0 : sum('uncertain')).toBe(0);
  },
  LIMIT_MS,
);

test('a primary that dies, its standby not waited for, takes along what is said here', async () => {
  const { faults, sum } = await killPrimaries(1, false);
  expect(sum('acknowledged')).toBeGreaterThan(ACTS);
  process.stdout.write(
    `asynchronous replication, stalled for ${STALL_MS} ms: ${faults.length} of ${sum('acknowledged')} acknowledged acts lost\n`,
  );
});

/** A store on the primary of two servers, whose standby is waited for. */
async function openStoreOnPair() {
  const pair = await startPostgresPair();
  onTestFinished(() => pair[Symbol.asyncDispose]());
  const url = await pair.createDatabase();
  await migrate({ connect: () => openConnection(url) });
  const store = useServer({ url, connections: 4 }, QUIETLY);
  onTestFinished(() => store.close());
  return { pair, store };
}

test('an address that leads to a standby is one that nobody answers at, until that takes over', async () => {
  const { pair, store } = await openStoreOnPair();
  const ask = () =>
    Promise.all(
      [store.findByToken(new Uint8Array(32)), store.saveSetting('last', 'written')].map((work) =>
        work.then(
          () => 'answered',
          (error: AppError) => error.code,
        ),
      ),
    );
  expect(await ask()).toEqual(['answered', 'answered']);
  pair.misdirect();
  for (let attempt = 0; attempt < 3; attempt += 1) {
    expect(await ask()).toEqual(['unavailable', 'unavailable']);
  }
  await pair.failOver();
  await expect.poll(ask).toEqual(['answered', 'answered']);
});

// It waits for all the limits there are, half a minute.
test.runIf(IS_LONG)(
  'while nobody confirms a change, it ends as uncertain and checks go on; afterwards it is there',
  async () => {
    const { pair, store } = await openStoreOnPair();
    pair.stallReplication();
    const { session, tokenHash } = newSession();
    const adding = store.add({ actor: member(ANA), at: START }, { session, tokenHash }, atMost(9));
    const answer = adding.catch((error: AppError) => error.code);
    const asked = performance.now();
    expect(await store.findByToken(new Uint8Array(32))).toBeNull();
    expect(performance.now() - asked).toBeLessThan(2_000);
    expect(await answer).toBe('uncertain');
    pair.resumeReplication();
    await expect.poll(() => store.findByToken(tokenHash)).toMatchObject({ id: session.id });
  },
);
