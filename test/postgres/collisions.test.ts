import process from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Store } from '../../src/core/store.ts';
import { createPostgresStore } from '../../src/store/postgres/postgres-store.ts';
import type { Driver, DriverConnection } from '../../src/store/postgres/server/driver.ts';
import { migrate } from '../../src/store/postgres/server/migrate.ts';
import { openConnection, openPools } from '../../src/store/postgres/server/pools.ts';
import {
  connectAsOwner,
  createDatabase,
  EMPTY_TABLES,
  type OwnerConnection,
} from '../support/postgres-server.ts';
import { QUIETLY } from '../support/product-database.ts';
import { readEverything, type Write, WRITES } from './writes.ts';

let owner: OwnerConnection;
let store: Store;
/** Which statement from now on fails, and as what; below 1 none does. */
let failing = { at: 0, state: '' };

beforeAll(async () => {
  const url = await createDatabase(process.env['TEST_POSTGRES_URL'] ?? '');
  await migrate({ connect: () => openConnection(url) });
  owner = await connectAsOwner(url);
  const pools = openPools({
    ...QUIETLY,
    url,
    connections: 4,
    onTrouble() {},
    onRecovery() {},
  });
  store = createPostgresStore(colliding(pools));
});

afterAll(async () => {
  await store.close();
  await owner[Symbol.asyncDispose]();
});

function colliding(driver: Driver): Driver {
  return { ...driver, connect: async () => collidingOn(await driver.connect()) };
}

/** The server fails one statement in truth, and all that is sent behind it in that transaction. */
function collidingOn(connection: DriverConnection): DriverConnection {
  return {
    release: (isBroken) => connection.release(isBroken),
    query(given) {
      // That one meets nobody.
      if (given.text.startsWith('begin')) return connection.query(given);
      failing.at -= 1;
      if (failing.at !== 0) return connection.query(given);
      return connection.query({ text: `do $$ begin raise sqlstate '${failing.state}'; end $$` });
    },
  };
}

async function run({ given, act }: Write, at: number, state: string) {
  await owner.run(EMPTY_TABLES);
  failing = { at: 0, state };
  await given?.(store);
  failing.at = at;
  const result = await act(store);
  const isOver = failing.at > 0;
  return { isOver, outcome: { result, there: await readEverything(owner) } };
}

/** `serialization_failure` and `deadlock_detected`. */
const STATES = ['40001', '40P01'];

test.each(WRITES)(
  '%s, when one of its statements meets another transaction, is done once all the same',
  async (_, write) => {
    const { outcome: expected } = await run(write, 0, '');
    for (let at = 1; ; at += 1) {
      const { isOver, outcome } = await run(write, at, STATES[at % 2] ?? '');
      expect({ at, ...outcome }).toEqual({ at, ...expected });
      if (isOver) break;
    }
  },
);
