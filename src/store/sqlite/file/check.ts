import Database from 'better-sqlite3';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, resolve } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Instant } from '../../../core/time.ts';
import { EXIT_UNUSABLE, UnusableDatabase } from '../../store-error.ts';
import { newestGood } from './newest-backup.ts';

const PROGRAM = fileURLToPath(new URL('../../../bin/check.ts', import.meta.url));
const BUSY_TIMEOUT_MS = 10_000;

/** What is in the file contradicts itself. */
export class Damage extends Error {
  override readonly name = 'Damage';
}

/**
 * Reads every page; the thorough check compares the indices with the tables besides, which takes about
 * ten times as long: two seconds for a million sessions.
 * @throws Damage, or SQLite's own error
 */
export function requireSound(database: Database.Database, { thorough = true } = {}): void {
  const check = thorough ? 'integrity_check(1)' : 'quick_check(1)';
  const verdict = database.pragma(check, { simple: true });
  if (verdict !== 'ok') throw new Damage();
}

/** Thoroughly. @throws UnusableDatabase if the database, which others may use meanwhile, is damaged */
export function checkNow(path: string, now: Instant, backupFolder?: string): void {
  const file = resolve(path);
  const database = new Database(file, { readonly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    requireSound(database);
  } catch (error) {
    if (!isDamage(error)) throw error;
    throw damaged(error, file, findBackup(file, resolve(backupFolder ?? dirname(file)), now));
  } finally {
    database.close();
  }
}

/**
 * {@link checkNow} in a process of its own, for a file that is too large to be waited for.
 * @throws UnusableDatabase if the file is damaged, another error if the check could not be done to its end
 */
export async function checkLater(
  path: string,
  backupFolder: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const given = backupFolder === undefined ? [path] : [path, backupFolder];
  const child = spawn(process.execPath, [PROGRAM, ...given], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // Nothing of ours that is secret.
    env: {},
    signal,
  });
  const [said, [code, killedBy]] = await Promise.all([
    text(child.stderr),
    once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
  ]);
  if (code === EXIT_UNUSABLE) throw new UnusableDatabase(said.trim());
  if (code !== 0) throw new Error(said.trim() || `it ended early (${killedBy ?? code})`);
}

export function isDamage(error: unknown): boolean {
  if (error instanceof Damage) return true;
  return error instanceof Database.SqliteError && /^SQLITE_(CORRUPT|NOTADB)/.test(error.code);
}

/** What the operator is told of a damaged file, and of the way back if there is one. */
export function damaged(
  cause: unknown,
  file: string,
  backup: string | undefined,
): UnusableDatabase {
  return new UnusableDatabase(
    `${file} is damaged (SQLite's integrity check found errors). Keep it. ${backup ?? 'No good backup is beside it or in BACKUP_DIR; if you have one elsewhere: npm run restore -- FILE'}`,
    { cause },
  );
}

/** A sentence about the newest good backup; undefined if there is none. */
export function findBackup(file: string, backupFolder: string, now: Instant): string | undefined {
  const backup = newestGood(file, [...new Set([backupFolder, dirname(file)])], now);
  return (
    backup && `The newest good backup is ${backup}; to restore it: npm run restore -- ${backup}`
  );
}
