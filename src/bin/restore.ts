import { resolve } from 'node:path';
import process from 'node:process';
import { ConfigError, readDatabaseFile } from '../config.ts';
import { StoreError } from '../store/store-error.ts';
import { restore } from '../store/sqlite/file/restore.ts';

/** `npm run restore -- FILE`. */
function main([file]: readonly string[]): void {
  const database = readDatabaseFile(
    process.env,
    "Restore it with the server's own tools, as pg_restore or pgBackRest",
  );
  if (file === undefined) throw new StoreError('Name the backup: npm run restore -- FILE');
  const { newestAt, keptAs } = restore(file, database, Date.now());
  const before = keptAs === undefined ? '' : ` What was there before is kept as ${keptAs}.`;
  const newest =
    newestAt === null
      ? 'The backup is of a database that nobody had used.'
      : `The newest thing in it happened at ${new Date(newestAt).toISOString()}. What was revoked or banned after that works again: start Latchkey, revoke leaked tokens and ban anew.`;
  process.stdout.write(`${resolve(database)} is restored from ${resolve(file)}.${before}\n`);
  process.stdout.write(`${newest}\n`);
}

try {
  main(process.argv.slice(2));
} catch (error) {
  const known = error instanceof ConfigError || error instanceof StoreError;
  process.stderr.write(`${known ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
