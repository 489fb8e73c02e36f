import type Database from 'better-sqlite3';
import { type MigrationMeta, readMigrationFiles } from 'drizzle-orm/migrator';
import { closeSync, fsyncSync, openSync, readSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const MIGRATIONS = fileURLToPath(new URL('../../../../drizzle/sqlite', import.meta.url));

/** "LKEY": SQLite's `application_id`, by which a file is known to be ours. */
export const APPLICATION_ID = 0x4c4b4559;

/** What SQLite keeps beside a database while it is used, and after a crash. */
export const COMPANIONS = ['-wal', '-shm', '-journal'] as const;

/** Every migration of this version, oldest first. */
export function knownMigrations(): MigrationMeta[] {
  return readMigrationFiles({ migrationsFolder: MIGRATIONS });
}

/** When the newest migration that the database has was written: 0 if it has none. */
export function schemaOf(database: Database.Database): number {
  const table = database
    .prepare("select 1 from sqlite_schema where name = '__drizzle_migrations'")
    .get();
  if (table === undefined) return 0;
  const newest = database.prepare<[], number | null>(
    'select max(created_at) from __drizzle_migrations',
  );
  return newest.pluck().get() ?? 0;
}

export function applicationIdOf(file: string): number {
  return headerOf(file).readUInt32BE(68);
}

/** Whether Latchkey has run on it: that changes how SQLite journals it, which a backup does not have. */
export function wasRunOn(file: string): boolean {
  return headerOf(file).readUInt8(18) === 2;
}

/**
 * SQLite, "Database File Format", 1.3. To be read before SQLite opens the file: closing a file takes
 * this process's locks on it away, also those of an open connection.
 */
function headerOf(file: string): Buffer {
  const header = Buffer.alloc(100);
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, header);
  } finally {
    closeSync(descriptor);
  }
  return header;
}

/** Which file a path leads to, by whatever name; undefined if to none. */
export function identityOf(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found && `${found.dev}:${found.ino}`;
}

/** Waits until a file, or what a folder lists, is on the disk. */
export function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
