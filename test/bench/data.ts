import type Database from 'better-sqlite3';
import { hash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashToken, hintOf } from '../../src/core/sessions/token.ts';
import { openDatabase } from '../../src/store/sqlite/file/open.ts';
import { ROLES, SCOPE } from './policed.ts';
import { idOf, timesOf, tokenOf, userOf } from './rows.ts';

const NAME = 'latchkey-bench-';
const DAY_MS = 86_400_000;
const ROWS_IN_TRANSACTION = 50_000;

/** What a database depends on: its schema, and what stands in its rows. */
const SOURCES = [
  ...readdirSync(new URL('../../drizzle/sqlite', import.meta.url))
    .filter((name) => name.endsWith('.sql'))
    .map((name) => `../../drizzle/sqlite/${name}`),
  './rows.ts',
  './policed.ts',
  './data.ts',
];
const KEY = hash(
  'sha256',
  SOURCES.map((path) => readFileSync(new URL(path, import.meta.url), 'utf8')).join('\0'),
).slice(0, 12);

/** Databases are kept here from one run to the next; those of other schemas go after a day. */
export const FOLDER = join(tmpdir(), NAME + KEY);

export function openFolder(): void {
  mkdirSync(FOLDER, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(tmpdir()).filter((each) => each.startsWith(NAME))) {
    const path = join(tmpdir(), name);
    const isOld = Date.now() - statSync(path).mtimeMs > DAY_MS;
    if (path !== FOLDER && isOld) rmSync(path, { recursive: true, force: true });
  }
}

/** A database of Latchkey's with so many sessions, made if there is none. */
export function databaseOf(rows: number): Promise<string> {
  return kept(`${rows}.db`, (file) => {
    const database = openDatabase(file);
    fill(database, rows, { scope: null, roles: null });
    database.close();
  });
}

/** The same sessions, made under the policy of policed.ts. */
export function policedDatabaseOf(rows: number): Promise<string> {
  return kept(`${rows}-policed.db`, (file) => {
    const database = openDatabase(file);
    fill(database, rows, { scope: SCOPE, roles: ROLES });
    database.close();
  });
}

/** A copy to write to; the caller removes it. */
export function copyOf(file: string): string {
  const copy = `${file}.copy`;
  removeDatabase(copy);
  copyFileSync(file, copy);
  return copy;
}

export function removeDatabase(file: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
}

/** The file of that name, which `make` fills unless an earlier run has. */
export async function kept(
  name: string,
  make: (file: string) => Promise<void> | void,
): Promise<string> {
  const file = join(FOLDER, name);
  if (existsSync(file)) return file;
  const part = `${file}.part`;
  removeDatabase(part);
  await make(part);
  renameSync(part, file);
  return file;
}

interface Policed {
  readonly scope: string | null;
  readonly roles: string | null;
}

function fill(database: Database.Database, rows: number, { scope, roles }: Policed): void {
  const builtAt = Date.now();
  database.pragma('synchronous = OFF');
  // Rows in random order of their keys make an index several times slower than the same rows sorted.
  const indexes = database
    .prepare<[], { name: string; sql: string }>(
      `select name, sql from sqlite_schema where type = 'index' and tbl_name = 'sessions' and sql is not null`,
    )
    .all();
  for (const { name } of indexes) database.exec(`drop index ${name}`);

  const addMember = database.prepare(
    'insert or ignore into accounts (user_id, created_at, roles, roles_at) values (?, ?, ?, ?)',
  );
  const addSession = database.prepare(
    `insert into sessions (id, token_hash, user_id, type, name, hint, created_at, expires_at, scope, roles)
     values (?, ?, ?, 'api', ?, ?, ?, ?, ?, ?)`,
  );
  const addRows = database.transaction((start: number, end: number) => {
    for (let index = start; index < end; index += 1) {
      const token = tokenOf(index);
      const user = userOf(index, rows);
      const { createdAt, expiresAt } = timesOf(index, rows, builtAt);
      addMember.run(user, createdAt, roles, roles === null ? null : builtAt);
      addSession.run(
        idOf(index, createdAt),
        hashToken(token),
        user,
        `token ${index}`,
        hintOf(token),
        createdAt,
        expiresAt,
        scope,
        roles,
      );
    }
  });
  for (let start = 0; start < rows; start += ROWS_IN_TRANSACTION) {
    addRows(start, Math.min(start + ROWS_IN_TRANSACTION, rows));
  }
  for (const { sql } of indexes) database.exec(sql);
  // Statistics change the plans of some statements: an operator's database has them sooner or later.
  database.exec('analyze');
  database.pragma('wal_checkpoint(truncate)');
}
