import process from 'node:process';
import { startPostgres } from '../support/postgres-server.ts';

/** One server for all files; each product and each store has a database of its own there. */
export async function setup(): Promise<() => Promise<void>> {
  const server = await startPostgres();
  process.env['TEST_POSTGRES_URL'] = server.url('postgres');
  return async () => server[Symbol.asyncDispose]();
}
