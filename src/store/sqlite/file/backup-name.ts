import { parse } from 'node:path';
import type { Instant } from '../../../core/time.ts';

const ENDING = /-(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z\.db$/;

/** `latchkey-20261122T100000Z.db` for `latchkey.db`; a purpose stands before the time. */
export function backupName(database: string, at: Instant, purpose = ''): string {
  return `${stemOf(database)}-${purpose && `${purpose}-`}${timeInName(at)}.db`;
}

/** The time in the name of a backup of that database; undefined if it is the name of something else. */
export function takenAt(database: string, name: string): Instant | undefined {
  const [ending = '', ...numbers] = ENDING.exec(name) ?? [];
  if (numbers.length === 0 || !name.startsWith(`${stemOf(database)}-`)) return undefined;
  const [year = 0, month = 0, ...rest] = numbers.map(Number);
  const at = Date.UTC(year, month - 1, ...rest);
  return ending === `-${timeInName(at)}.db` ? at : undefined;
}

/** Whether it is one of those that are taken by the clock, not one with a purpose. */
export function isScheduled(database: string, name: string): boolean {
  const at = takenAt(database, name);
  return at !== undefined && name === backupName(database, at);
}

/** In UTC, without what file systems dislike. */
export function timeInName(at: Instant): string {
  return new Date(at).toISOString().replace(/[-:]|\.\d+/g, '');
}

function stemOf(database: string): string {
  return parse(database).name;
}
