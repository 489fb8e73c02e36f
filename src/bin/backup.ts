import { resolve } from 'node:path';
import process from 'node:process';
import { ConfigError, readDatabaseFile } from '../config.ts';
import { backUpNow } from '../store/sqlite/file/backup.ts';
import { StoreError } from '../store/store-error.ts';

/** `npm run backup -- FILE`. The scheduled backups run it too, and say which database. */
function main([file, database = databaseFile()]: readonly string[]): void {
  if (file === undefined) throw new StoreError('Name the file to write: npm run backup -- FILE');
  backUpNow(database, file);
  process.stdout.write(`${resolve(database)} is backed up to ${resolve(file)}.\n`);
}

function databaseFile(): string {
  return readDatabaseFile(
    process.env,
    "Back it up with the server's own tools, as pg_dump or pgBackRest",
  );
}

try {
  main(process.argv.slice(2));
} catch (error) {
  const known = error instanceof ConfigError || error instanceof StoreError;
  process.stderr.write(`${known ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
