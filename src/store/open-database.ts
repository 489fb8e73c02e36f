import type { AuditEvent } from '../core/audit/audit.ts';
import type { Job } from '../core/jobs/scheduler.ts';
import type { Store } from '../core/store.ts';
import type { Clock, Instant } from '../core/time.ts';
import type { Log } from '../log.ts';
import type { UnusableDatabase } from './store-error.ts';

export interface DatabaseDeps {
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
  readonly clock: Clock;
  /** Milliseconds on a clock that no correction of the time moves. */
  readonly monotonicNow: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Hears of each event once it is written down, by this process. */
  readonly onRecorded?: ((event: AuditEvent) => void) | undefined;
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
