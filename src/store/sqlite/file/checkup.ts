import { checkLater } from './check.ts';
import { UnusableDatabase } from '../../store-error.ts';

export interface CheckupDeps {
  readonly databaseFile: string;
  readonly backupFolder: string | undefined;
  /** Milliseconds for which this process has run. */
  readonly monotonicNow: () => number;
  readonly onSound: () => void;
  /** The check could not be done. */
  readonly onFailure: (error: unknown) => void;
}

/** What a sound file was suspected for would be suspected again at once. */
const PAUSE_MS = 3_600_000;

/** Has the database checked thoroughly while it is used, one check at a time. */
export function createCheckup(deps: CheckupDeps) {
  const { databaseFile, backupFolder, monotonicNow: running, onSound, onFailure } = deps;
  const { promise: damage, resolve } = Promise.withResolvers<UnusableDatabase>();
  const stopping = new AbortController();
  let notBefore = 0;

  async function check(): Promise<void> {
    try {
      await checkLater(databaseFile, backupFolder, stopping.signal);
      onSound();
    } catch (error) {
      if (error instanceof UnusableDatabase) resolve(error);
      else if (!stopping.signal.aborted) onFailure(error);
    } finally {
      notBefore = running() + PAUSE_MS;
    }
  }

  return {
    /** Resolves with the damage that was found; never, if there is none. */
    damage,

    /** False if one is under way, or has been not long ago. */
    begin(): boolean {
      if (running() < notBefore || stopping.signal.aborted) return false;
      notBefore = Infinity;
      void check();
      return true;
    },

    stop: () => stopping.abort(),
  };
}
