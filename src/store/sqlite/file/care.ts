import type { Job } from '../../../core/jobs/scheduler.ts';
import type { DatabaseDeps, OpenDatabase } from '../../open-database.ts';
import { createCheckup } from './checkup.ts';
import { isCheckedLater, openStore } from './open.ts';
import { type BackupPlan, createScheduledBackups } from './scheduled-backups.ts';

export interface FileConfig {
  readonly databaseFile: string;
  readonly backups?: BackupPlan | undefined;
  /** A file of this size or more is checked after the start; as the engine sees fit if absent. */
  readonly checkedBelowBytes?: number | undefined;
}

const HOUR_MS = 3_600_000;

/** Opens the database in a file, and looks after it. */
export function openFile(
  { databaseFile, backups: plan, checkedBelowBytes }: FileConfig,
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
