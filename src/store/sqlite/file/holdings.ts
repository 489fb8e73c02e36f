import Database from 'better-sqlite3';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Holdings } from '../../../core/policy/effect.ts';
import type { Instant } from '../../../core/time.ts';
import { HELD_MEMBERS, HELD_SESSIONS } from '../../holdings.ts';
import { messageOf, StoreError } from '../../store-error.ts';
import { APPLICATION_ID, applicationIdOf, knownMigrations, schemaOf } from './database-file.ts';

const BUSY_TIMEOUT_MS = 10_000;

/**
 * What is live in the database at `path`, which may be in use; null where there is none yet. Nothing is written.
 * @throws StoreError unless it is of this version, and can be read
 */
export function readHoldings(path: string, now: Instant): Holdings | null {
  const file = resolve(path);
  if (!existsSync(file)) return null;
  let database: Database.Database | undefined;
  try {
    if (applicationIdOf(file) !== APPLICATION_ID) {
      throw new StoreError(`${file} is not a database of Latchkey's.`);
    }
    const opened = new Database(file, { readonly: true, timeout: BUSY_TIMEOUT_MS });
    database = opened;
    if (schemaOf(opened) !== Math.max(...knownMigrations().map((each) => each.folderMillis))) {
      throw new StoreError(
        `${file} is of another version of Latchkey: start this one, and check again.`,
      );
    }
    return opened.transaction(() => ({
      sessions: opened
        .prepare<unknown[], Holdings['sessions'][number]>(HELD_SESSIONS('?'))
        .all(now),
      members: opened.prepare<unknown[], Holdings['members'][number]>(HELD_MEMBERS('?')).all(now),
    }))();
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError(`${file} cannot be read: ${messageOf(error)}.`, { cause: error });
  } finally {
    database?.close();
  }
}
