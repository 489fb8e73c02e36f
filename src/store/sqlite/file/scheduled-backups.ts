import { mkdir, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Clock, Instant } from '../../../core/time.ts';
import { backupName, isScheduled, takenAt } from './backup-name.ts';
import { backUp } from './backup.ts';
import { messageOf } from '../../store-error.ts';

export interface BackupPlan {
  readonly folder: string;
  readonly everyMs: number;
  /** How many of them are kept. */
  readonly keep: number;
}

export interface ScheduledBackupsDeps extends BackupPlan {
  readonly databaseFile: string;
  readonly clock: Clock;
  readonly onDone: (file: string) => void;
  readonly onFailure: (reason: string, retryAfterMs: number) => void;
}

const FIRST_RETRY_MS = 5 * 60_000;
const LAST_RETRY_MS = 3_600_000;
/** A disk that takes longer has stopped answering. */
const WITHIN_MS = 6 * 3_600_000;

/**
 * Takes a backup when one is due. That is read from the names in the folder, so neither a restart nor
 * another process changes it. Names of the future, which a clock that was ahead has left, count for
 * nothing until their time has come, and are not deleted.
 */
export function createScheduledBackups(deps: ScheduledBackupsDeps) {
  const { everyMs, keep, clock, onDone, onFailure } = deps;
  const folder = resolve(deps.folder);
  const database = resolve(deps.databaseFile);
  const stopping = new AbortController();
  let retryAfterMs = FIRST_RETRY_MS;
  let failedAt: Instant | undefined;

  /** Newest first. */
  async function taken(now: Instant): Promise<{ name: string; at: Instant }[]> {
    return (await readdir(folder, { withFileTypes: true }))
      .filter((entry) => !entry.isDirectory() && isScheduled(database, entry.name))
      .map(({ name }) => ({ name, at: takenAt(database, name) ?? 0 }))
      .filter(({ at }) => at <= now)
      .toSorted((one, other) => other.at - one.at);
  }

  async function backUpIfDue(now: Instant): Promise<void> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const [newest] = await taken(now);
    if (newest !== undefined && now - newest.at < everyMs) return;
    const file = join(folder, backupName(database, now));
    await backUp(
      database,
      file,
      AbortSignal.any([stopping.signal, AbortSignal.timeout(WITHIN_MS)]),
    );
    onDone(file);
    for (const { name } of (await taken(now)).slice(keep)) await rm(join(folder, name));
  }

  return {
    async run(): Promise<void> {
      const now = clock();
      const isWaiting = failedAt !== undefined && now >= failedAt && now < failedAt + retryAfterMs;
      if (isWaiting) return;
      try {
        await backUpIfDue(now);
        failedAt = undefined;
      } catch (error) {
        if (stopping.signal.aborted) return;
        retryAfterMs = failedAt === undefined ? FIRST_RETRY_MS : retryAfterMs * 2;
        retryAfterMs = Math.min(retryAfterMs, LAST_RETRY_MS);
        failedAt = now;
        onFailure(messageOf(error), retryAfterMs);
      }
    },

    /** When the newest one was taken; null if there is none. */
    newestAt: async (): Promise<Instant | null> => (await taken(clock()))[0]?.at ?? null,

    /** Ends a backup that is under way. */
    stop: () => stopping.abort(),
  };
}
