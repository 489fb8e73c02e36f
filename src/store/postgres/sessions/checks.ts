import type { CheckedSession } from '../../../core/sessions/store.ts';
import type { Driver } from '../server/driver.ts';
import {
  byDriver,
  DatabaseFailure,
  explain,
  isCollision,
  isReusable,
  unavailable,
} from '../server/failures.ts';
import { type CheckedRow, checkQuery, toCheckedSession } from './check-statement.ts';

interface Asker {
  readonly tokenHash: Uint8Array;
  readonly since: number;
  readonly resolve: (found: CheckedSession | null) => void;
  readonly reject: (reason: unknown) => void;
}

/** Each has a connection of its own. */
export const UNDER_WAY = 2;
/** Askers of one query. */
const MOST_TOGETHER = 1_000;
/** Who has waited for so long is not to wait for another query. */
const PATIENCE_MS = 2_000;

/**
 * Look-ups of tokens. Who asks while queries are under way goes with all others in the next one: it
 * costs nothing where little is asked, and a quarter where much is. Nobody joins a query that was sent, so
 * that each answer is of after its question: a revoke holds from the next request on.
 */
export function createChecks(driver: Pick<Driver, 'connectForChecks'>) {
  let waiting: Asker[] = [];
  let underWay = 0;
  let isScheduled = false;

  function schedule(): void {
    if (isScheduled || underWay >= UNDER_WAY) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      while (underWay < UNDER_WAY && waiting.length > 0) {
        const askers = waiting.slice(0, MOST_TOGETHER);
        waiting = waiting.slice(MOST_TOGETHER);
        void answer(askers);
      }
    });
  }

  async function answer(asked: readonly Asker[]): Promise<void> {
    const latest = performance.now() - PATIENCE_MS;
    const [askers, late] = [
      asked.filter(({ since }) => since >= latest),
      asked.filter(({ since }) => since < latest),
    ];
    for (const { reject } of late) reject(unavailable(new Error('no answer in time')));
    if (askers.length === 0) return;
    underWay += 1;
    try {
      const rows = await lookUp(askers.map(({ tokenHash }) => tokenHash));
      const found = new Map(rows.map((row) => [row[0], row]));
      askers.forEach(({ resolve }, index) => {
        const row = found.get(index + 1);
        resolve(row === undefined ? null : toCheckedSession(row));
      });
    } catch (error) {
      const reason = explain(error);
      for (const { reject } of askers) reject(reason);
    } finally {
      underWay -= 1;
      if (waiting.length > 0) schedule();
    }
  }

  async function lookUp(tokenHashes: readonly Uint8Array[]): Promise<readonly CheckedRow[]> {
    const query = checkQuery(tokenHashes);
    for (let attempt = 1; ; attempt += 1) {
      const connection = await byDriver(driver.connectForChecks());
      let isBroken = false;
      try {
        const { rows } = await byDriver(connection.query(query));
        return rows as CheckedRow[];
      } catch (error) {
        isBroken = !isReusable(error);
        if (attempt > 2 || !mayRepeat(error)) throw error;
      } finally {
        connection.release(isBroken);
      }
    }
  }

  return (tokenHash: Uint8Array): Promise<CheckedSession | null> =>
    new Promise((resolve, reject) => {
      waiting.push({ tokenHash, since: performance.now(), resolve, reject });
      schedule();
    });
}

/** Where the server ends its connections, a new one may be good at once; a look-up changes nothing. */
function mayRepeat(error: unknown): boolean {
  return isCollision(error) || (error instanceof DatabaseFailure && error.state === '57P01');
}
