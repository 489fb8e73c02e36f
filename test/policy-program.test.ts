import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { policyJsonSchema } from '../src/policy-file.ts';
import { migrate } from '../src/store/postgres/server/migrate.ts';
import { createPostgresStore } from '../src/store/postgres/postgres-store.ts';
import { readHoldingsOn } from '../src/store/postgres/server/holdings.ts';
import { readHoldings } from '../src/store/sqlite/file/holdings.ts';
import { openDatabase, openStore } from '../src/store/sqlite/file/open.ts';
import type { Store } from '../src/core/store.ts';
import {
  ANA,
  atMost,
  BEN,
  member,
  newSession,
  START,
  temporaryFolder,
  DAY,
} from './support/fixtures.ts';
import { startPglite } from './support/pglite.ts';
import { runProgram } from './support/program.ts';
import { see } from './support/roles.ts';

const PATRON = '112233445566778899';
const folder = temporaryFolder();
const file = join(folder.path, 'policy.json');
const databaseFile = join(folder.path, 'latchkey.db');

afterAll(() => folder.remove());

const READ = { says: 'See your lamps', given: true };

function write(policy: unknown, path = file): string {
  writeFileSync(path, typeof policy === 'string' ? policy : JSON.stringify(policy));
  return path;
}

const run = (args: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
  runProgram('policy', args, { databaseFile, environment });

/** Three sessions of Ana's, who lacks the role, and one of Ben's, of whom nothing is known. */
async function fill(store: Store, now: number): Promise<void> {
  const add = (userId: string, scope: string | null) => {
    const made = newSession({ userId, createdAt: now, expiresAt: now + DAY, scope });
    return store.add({ actor: member(userId), at: now }, made, atMost(10));
  };
  await add(ANA, null);
  await add(ANA, 'lamps:read');
  await add(ANA, 'lamps:old lamps:read');
  await add(BEN, 'lamps:read');
  await see(store, ANA, { roles: '', at: now }, now);
}

describe('npm run policy', () => {
  it('says in plain words who may hold tokens, and which scope needs which role', async () => {
    write({
      roles: { patron: PATRON },
      holders: ['patron'],
      scopes: {
        'lamps:read': READ,
        'lamps:all': { says: 'All lamps', roles: ['patron'], longest: '36h' },
      },
    });
    const { code, said } = await run(['check', file], { COMMUNITY_SERVER_ID: '1' });
    expect(code).toBe(0);
    expect(said).toContain('Members with the role patron');
    expect(said).toContain(
      'lamps:read: "See your lamps". For everybody who may hold tokens. Given',
    );
    expect(said).toContain('lamps:all: "All lamps". Needs the role patron.');
    expect(said).toContain('No token with it lives longer than 36 hours.');
    expect(said).toContain('There is no database yet');
    expect(said).not.toContain('COMMUNITY_SERVER_ID');
    expect((await run(['check', file])).said).toContain('COMMUNITY_SERVER_ID is not set');
  });

  it('says which scopes staff approve, and where they have to be asked', async () => {
    write({ scopes: { 'lamps:read': READ, 'lamps:all': { says: 'All', approval: true } } });
    const { code, said } = await run(['check', file], { STAFF_CHANNEL_ID: '1' });
    expect(code).toBe(0);
    expect(said.match(/Staff approve each token with it\./g)).toHaveLength(1);
    expect(said).toMatch(/lamps:all: .*Staff approve each token with it\./);
    expect(said).not.toContain('STAFF_CHANNEL_ID');
    expect((await run(['check', file])).said).toContain('STAFF_CHANNEL_ID is not set');
  });

  it('names each problem with its place, and fails with 1', async () => {
    write('{\n  "holders": ["patron"],\n  "rates": {}\n}');
    const { code, said } = await run(['check', file]);
    expect(code).toBe(1);
    expect(said).toContain(`${file}: line 2, column 15: "holders" › entry 1 names "patron"`);
    expect(said).toContain('line 3, column 3: "rates" is not known here');
    expect((await run(['check', join(folder.path, 'none.json')])).code).toBe(1);
  });

  it.each([[[]], [['check']], [['chek', 'x']], [['check', 'x', 'y']]])(
    'that is asked with %j says how to ask, and fails with 2',
    async (args) => {
      const { code, said } = await run(args);
      expect([code, said]).toEqual([2, expect.stringContaining('npm run policy -- check FILE')]);
    },
  );

  it('says what changes for the tokens that there are, against the policy of now, and writes nothing', async () => {
    const store = openStore(databaseFile);
    await fill(store, Date.now());
    await store.close();
    const before = readFileSync(databaseFile);
    const now = write({ scopes: { 'lamps:read': READ } }, join(folder.path, 'now.json'));
    write({
      roles: { patron: PATRON },
      holders: ['patron'],
      scopes: { 'lamps:read': READ, 'lamps:write': { says: 'Switch them' } },
    });
    const { code, said } = await run(['check', file], { POLICY_FILE: now });
    expect(code).toBe(0);
    expect(said).toContain('Live: 4, of 2 members.');
    expect(said).toContain(
      'From before there was a policy: 1. They have what is given: lamps:read',
    );
    expect(said).toContain('Refused until their owner has the role patron: 3, of 1 member.');
    expect(said).toContain('which it has not yet: 1, of 1 member.');
    expect(said).toContain('lamps:read works in 1 (now in 4)');
    expect(said).toContain('lamps:write works in 0.');
    expect(said).toContain('lamps:old works in 0: it is not in this policy, and is written in 1.');
    expect(readFileSync(databaseFile)).toEqual(before);
  });

  it('does not read what is no database of this version, and fails with 2', async () => {
    write({});
    const database = openDatabase(databaseFile);
    database.exec('delete from __drizzle_migrations where created_at > 0');
    database.close();
    const older = await run(['check', file]);
    expect([older.code, older.said]).toEqual([2, expect.stringContaining('another version')]);
    writeFileSync(databaseFile, 'something else');
    const other = await run(['check', file]);
    expect([other.code, other.said]).toEqual([2, expect.stringContaining('not a database')]);
  });
});

describe('what is live', () => {
  it('is told alike by both engines', async () => {
    const path = join(folder.path, 'another.db');
    const sqlite = openStore(path);
    await fill(sqlite, START);
    await sqlite.close();
    const postgres = await startPglite();
    const driver = postgres.driver();
    await migrate(driver);
    await fill(createPostgresStore(driver), START);
    const connection = await driver.connect();
    const [one, other] = [readHoldings(path, START), await readHoldingsOn(connection, START)];
    connection.release(false);
    await postgres.stop();
    const sorted = (held: typeof one) => ({
      sessions: held?.sessions.map((each) => JSON.stringify(each)).toSorted(),
      members: held?.members.map((each) => JSON.stringify(each)).toSorted(),
    });
    expect(sorted(one)).toEqual(sorted(other));
    expect(one?.members).toContainEqual({ roles: '', count: 1 });
    expect(one?.sessions).toHaveLength(4);
    expect(readHoldings(path, START + 2 * DAY)).toEqual({ sessions: [], members: [] });
  }, 60_000);
});

describe('policy.schema.json', () => {
  it('is what validates: npm run policy:schema writes it', () => {
    const text = readFileSync(new URL('../policy.schema.json', import.meta.url), 'utf8');
    expect(JSON.parse(text)).toEqual(policyJsonSchema());
  });
});
