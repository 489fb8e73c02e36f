import process from 'node:process';
import { readDatabaseFile } from '../config.ts';
import { checkNow } from '../store/sqlite/file/check.ts';
import { EXIT_UNUSABLE, messageOf, UnusableDatabase } from '../store/store-error.ts';

/** What `checkLater` runs: says what is wrong with a database that may be in use, and nothing else. */
try {
  const [file = readDatabaseFile(process.env, 'Only a file is checked'), backupFolder] =
    process.argv.slice(2);
  checkNow(file, Date.now(), backupFolder);
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = error instanceof UnusableDatabase ? EXIT_UNUSABLE : 1;
}
