import type { Job } from '../core/jobs/scheduler.ts';
import type { Store } from '../core/store.ts';
import type { Clock, Instant } from '../core/time.ts';
import type { Log } from '../log.ts';
import { createCheckup } from './sqlite/file/checkup.ts';
import type { UnusableDatabase } from './store-error.ts';
import { isCheckedLater, openStore } from './sqlite/file/open.ts';
import { type BackupPlan, createScheduledBackups } from './sqlite/file/scheduled-backups.ts';
import type { Listeners } from './sqlite/sqlite-store.ts';

export interface DatabaseConfig {
  readonly databaseFile: string;
  readonly backups?: BackupPlan | undefined;
  /** A file of this size or more is checked after the start; as the engine sees fit if absent. */
  readonly checkedBelowBytes?: number | undefined;
}

export interface DatabaseDeps {
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
  readonly clock: Clock;
  /** Milliseconds on a clock that no correction of the time moves. */
  readonly monotonicNow: () => number;
  readonly onRecorded?: Listeners['onRecorded'];
}

/** A database in the care of this process. */
export interface OpenDatabase {
  readonly store: Store;
  /** What keeps it sound, for the scheduler. */
  readonly jobs: readonly Job[];
  /** Absent where none are scheduled. */
  readonly backups:
    { readonly everyMs: number; readonly newestAt: () => Promise<Instant | null> } | undefined;
  /** Resolves with what makes it unusable; never, if all is well. */
  readonly failure: Promise<UnusableDatabase>;
  /** A process met damage in it: it is checked, unless it was not long ago. */
  reportDamage(): void;
  /** Ends the jobs that are under way in other processes; `store` is closed by itself. */
  stop(): void;
}

const HOUR_MS = 3_600_000;

/**
 * Opens the database that the configuration names, and looks after it.
 * @throws StoreError, with the way out; UnusableDatabase where another start would end the same way
 */
export function openDatabase(
  { databaseFile, backups: plan, checkedBelowBytes }: DatabaseConfig,
  { log, clock, monotonicNow, onRecorded }: DatabaseDeps,
): OpenDatabase {
  const backupFolder = plan?.folder;
  const isLarge = isCheckedLater(databaseFile, checkedBelowBytes);
  const checkup = createCheckup({
    databaseFile,
    backupFolder,
    monotonicNow,
    onSound: () => log.info('the database was checked, and no damage found'),
    onFailure: (err) => log.warn({ err }, 'the database could not be checked'),
  });
  function reportDamage(): void {
    if (checkup.begin()) log.error('the database seems to be damaged: it is being checked');
  }
  const store = openStore(databaseFile, {
    backupFolder,
    checkedBelowBytes,
    now: clock(),
    onDamage: reportDamage,
    onRecorded,
  });
  const backups =
    plan &&
    createScheduledBackups({
      ...plan,
      databaseFile,
      clock,
      onDone: (file) => log.info({ file }, 'the database is backed up'),
      onFailure: (reason, retryAfterMs) => log.warn({ reason, retryAfterMs }, 'the backup failed'),
    });

  const jobs: Job[] = [];
  if (isLarge) {
    const run = async () => void checkup.begin();
    jobs.push({ name: 'check', everyMs: Infinity, everywhere: true, run });
  }
  if (backups !== undefined) {
    const run = () => backups.run();
    jobs.push({ name: 'backup', everyMs: 60_000, stableForMs: HOUR_MS, run });
  }
  return {
    store,
    jobs,
    backups: plan && backups && { everyMs: plan.everyMs, newestAt: () => backups.newestAt() },
    failure: checkup.damage,
    reportDamage,
    stop() {
      checkup.stop();
      backups?.stop();
    },
  };
}

/**
 * The same database for a process that only uses it: the one that looks after it has opened and checked
 * it before, and hears of damage from this one.
 */
export function useDatabase({ databaseFile }: DatabaseConfig, listeners: Listeners): Store {
  return openStore(databaseFile, { checkedBelowBytes: 0, ...listeners });
}
