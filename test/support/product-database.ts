import Database from 'better-sqlite3';
import process from 'node:process';
import type { Store } from '../../src/core/store.ts';
import { useServer } from '../../src/store/postgres/server/open.ts';
import { openStore } from '../../src/store/sqlite/file/open.ts';
import { connectAsOwner, createDatabase, type OwnerConnection } from './postgres-server.ts';

/** The server on which the product's databases are to be; a file each if absent. */
const SERVER = process.env['TEST_POSTGRES_URL'];
/** The database there that has the schema, and nothing in it. */
const TEMPLATE = process.env['TEST_POSTGRES_TEMPLATE'];

/** Whether the end-to-end tests run over PostgreSQL. */
export const isOnServer = SERVER !== undefined;

/** The database of a product, as a test looks into it from outside. */
export interface ProductDatabase extends AsyncDisposable {
  /** What the product gets as DATABASE_URL. */
  readonly url: string;
  /** Runs a statement, and resolves with its rows. */
  readonly query: (sql: string) => Promise<readonly Record<string, unknown>[]>;
  readonly openStore: () => Store;
}

const nothing = () => {};
/** What a store on a server is opened with where nobody listens. */
export const QUIETLY = {
  log: { info: nothing, warn: nothing, error: nothing },
  monotonicNow: () => performance.now(),
  random: Math.random,
};

/** One of its own for a product; in `file`, where it is one. */
export async function createProductDatabase(file: string): Promise<ProductDatabase> {
  if (SERVER === undefined) return inFile(file);
  const url = await createDatabase(SERVER, TEMPLATE);
  let owner: Promise<OwnerConnection> | undefined;
  return {
    url,
    async query(sql) {
      owner ??= connectAsOwner(url);
      return (await owner).run(sql);
    },
    openStore: () => useServer({ url, connections: 3 }, QUIETLY),
    [Symbol.asyncDispose]: async () => (await owner)?.[Symbol.asyncDispose](),
  };
}

/** One in a file, whatever the others are. */
export function inFile(file: string): ProductDatabase {
  return {
    url: `file:${file}`,
    async query(sql) {
      const database = new Database(file, { timeout: 5_000 });
      try {
        const isReading = /^select|\breturning\b/.test(sql);
        if (isReading) return database.prepare<[], Record<string, unknown>>(sql).all();
        database.exec(sql);
        return [];
      } finally {
        database.close();
      }
    },
    openStore: () => openStore(file),
    async [Symbol.asyncDispose]() {},
  };
}
