import process from 'node:process';
import { bringUpToDate } from '../../src/store/postgres/server/open.ts';
import { startPostgres } from '../support/postgres-server.ts';
import { QUIETLY } from '../support/product-database.ts';

/** One server for all files; each product and each store has a database of its own there. */
export async function setup(): Promise<() => Promise<void>> {
  const server = await startPostgres();
  const template = await server.createDatabase();
  await bringUpToDate(template, QUIETLY);
  process.env['TEST_POSTGRES_URL'] = server.url('postgres');
  process.env['TEST_POSTGRES_TEMPLATE'] = new URL(template).pathname.slice(1);
  return async () => server[Symbol.asyncDispose]();
}
