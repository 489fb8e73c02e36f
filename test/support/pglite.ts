import { PGlite } from '@electric-sql/pglite';
import type {
  Driver,
  DriverConnection,
  DriverQuery,
} from '../../src/store/postgres/server/driver.ts';
import { EMPTY_TABLES } from './postgres-server.ts';

const BIGINT = 20;

/** PostgreSQL in this process: one connection, which each has for itself until it is given back. */
export interface LocalPostgres {
  driver(): Driver;
  /** Removes every row. */
  empty(): Promise<void>;
  stop(): Promise<void>;
}

export async function startPglite(): Promise<LocalPostgres> {
  const database = await PGlite.create();
  let last = Promise.resolve();

  async function run({ text, values, rowMode }: DriverQuery) {
    if (values === undefined) {
      const results = await database.exec(text, { parsers: { [BIGINT]: Number } });
      const result = results.at(-1);
      return { rows: result?.rows ?? [], rowCount: result?.affectedRows ?? null };
    }
    const { rows, affectedRows } = await database.query(text, [...values], {
      rowMode: rowMode ?? 'object',
      parsers: { [BIGINT]: Number },
    });
    return { rows, rowCount: affectedRows ?? null };
  }

  async function connect(): Promise<DriverConnection> {
    const before = last;
    const { promise, resolve } = Promise.withResolvers<void>();
    last = promise;
    await before;
    let sent: Promise<unknown> = Promise.resolve();
    return {
      query(query) {
        const answer = sent.then(() => run(query));
        sent = answer.catch(() => {});
        return answer;
      },
      release(isBroken) {
        void (isBroken ? database.exec('rollback').catch(() => {}) : sent).then(() => resolve());
      },
    };
  }

  return {
    /** A driver of its own for each store, which closes it; the database goes on. */
    driver() {
      let isOpen = true;
      const connectIfOpen = async () => {
        if (!isOpen) throw new Error('the driver is closed');
        return connect();
      };
      return {
        connect: connectIfOpen,
        connectForChecks: connectIfOpen,
        end: async () => void (isOpen = false),
      };
    },
    async empty() {
      await database.exec(EMPTY_TABLES);
    },
    stop: () => database.close(),
  };
}
