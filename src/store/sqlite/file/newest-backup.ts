import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Instant } from '../../../core/time.ts';
import { takenAt } from './backup-name.ts';
import { verify } from './backup.ts';

/**
 * The newest backup of that database in the folders, by its name, that is good. Names of the future are
 * of a clock that was ahead: nobody knows how old those are, so they come last.
 */
export function newestGood(
  database: string,
  folders: readonly string[],
  now: Instant,
): string | undefined {
  const backups = folders.flatMap((folder) =>
    list(folder).map((name) => ({ file: join(folder, name), at: takenAt(database, name) ?? 0 })),
  );
  const isOfFuture = ({ at }: { at: Instant }) => Number(at > now);
  return backups
    .filter(({ at }) => at > 0)
    .toSorted((one, other) => isOfFuture(one) - isOfFuture(other) || other.at - one.at)
    .find(({ file }) => isGood(file))?.file;
}

/** Nobody promised that the folder is there. */
function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isGood(file: string): boolean {
  try {
    verify(file);
    return true;
  } catch {
    // Damaged, or nothing that we may read: neither would help.
    return false;
  }
}
