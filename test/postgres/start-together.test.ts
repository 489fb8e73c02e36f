import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { knownMigrations, migrate } from '../../src/store/postgres/server/migrate.ts';
import { openConnection } from '../../src/store/postgres/server/pools.ts';
import { createDatabase, runOn } from '../support/postgres-server.ts';

const ROUNDS = process.env['TEST_LONG'] === undefined ? 3 : 20;
const SERVER = process.env['TEST_POSTGRES_URL'] ?? '';
const SOURCE = new URL('../../src/store/postgres/server/open.ts', import.meta.url).href;

/** Opens each database that it is told, as the product does at its start, and says what it read there. */
const SCRIPT = `
  const { openServer } = await import(${JSON.stringify(SOURCE)});
  const nothing = () => {};
  const deps = {
    log: { info: nothing, warn: nothing, error: nothing },
    monotonicNow: () => performance.now(),
    random: Math.random,
  };
  process.stdout.write('ready\\n');
  for await (const chunk of process.stdin) {
    const { store } = await openServer({ url: String(chunk), connections: 3 }, deps);
    await store.stats(Date.now(), 0);
    await store.close();
    process.stdout.write('read\\n');
  }`;

let openers: ReturnType<typeof startOpener>[];

function startOpener() {
  const child = spawn(process.execPath, ['--input-type=module', '-e', SCRIPT]);
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const ended = once(child, 'close').then(() => `ended: ${errors}`);
  const says = async () =>
    Promise.race([once(child.stdout, 'data').then(([data]) => String(data)), ended]);
  return { child, ready: says(), says };
}

beforeAll(async () => {
  openers = Array.from({ length: 8 }, startOpener);
  await Promise.all(openers.map(({ ready }) => ready));
});

afterAll(() => {
  for (const { child } of openers) child.kill();
});

test.each([
  ['an empty database', 0],
  ['one of the first version', 1],
])('eight processes that start at once on %s all use it', async (_, migrations) => {
  const known = knownMigrations();
  for (let round = 0; round < ROUNDS; round += 1) {
    const url = await createDatabase(SERVER);
    const driver = { connect: () => openConnection(url) };
    if (migrations > 0) await migrate(driver, known.slice(0, migrations));
    const answers = openers.map(({ says }) => says());
    for (const { child } of openers) child.stdin.write(url);
    expect(await Promise.all(answers)).toEqual(openers.map(() => 'read\n'));
    const applied = await runOn(url, 'select written_at from latchkey_migrations order by 1');
    expect(applied.map((row) => Number(row['written_at']))).toEqual(
      known.map(({ folderMillis }) => folderMillis),
    );
  }
});
