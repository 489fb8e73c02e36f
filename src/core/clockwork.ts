import { setTimeout as delay } from 'node:timers/promises';
import type { Clock, UpkeepStore } from './ports.ts';
import type { Instant } from './session.ts';

/** Something that must be done again and again, by one process only. In short steps. */
export interface Chore {
  readonly name: string;
  readonly everyMs: number;
  /** Waits for a while after the clock has jumped. */
  readonly cautious?: boolean;
  run(): Promise<void>;
}

export interface ClockworkDeps {
  readonly store: Pick<UpkeepStore, 'takeLease' | 'dropLease'>;
  readonly clock: Clock;
  readonly chores: readonly Chore[];
  /** This process, among those on the same database. */
  readonly holder: string;
  readonly onError: (error: unknown, chore: string) => void;
}

const TICK_MS = 1_000;
/** A difference between wall clock and running time that no correction of the clock makes. */
const JUMP_MS = 600_000;
const CAUTION_MS = 3_600_000;
const STOP_WITHIN_MS = 2_000;
const LEASE = 'clockwork';
const LEASE_MS = 15_000;
const RENEW_BEFORE_MS = 7_000;

/**
 * Runs each chore when it is due. A lease lets only one of several processes do so; what there is to do
 * is read from the database, so a restart or a jump of the clock loses nothing.
 */
export function createClockwork({ store, clock, chores, holder, onError }: ClockworkDeps) {
  const dueAt = new Map<string, Instant>();
  let leasedUntil: Instant = 0;
  let timer: NodeJS.Timeout | undefined;
  let turning: Promise<void> = Promise.resolve();
  let stopped = false;
  let lastTurn: { wall: Instant; running: number } | undefined;
  let cautiousUntil = 0;

  /** Running time does not jump with the clock. */
  function watchClock(): void {
    const turnAt = { wall: clock(), running: performance.now() };
    if (lastTurn !== undefined) {
      const drift = turnAt.wall - lastTurn.wall - (turnAt.running - lastTurn.running);
      if (Math.abs(drift) > JUMP_MS) cautiousUntil = turnAt.running + CAUTION_MS;
    }
    lastTurn = turnAt;
  }

  async function hasLease(): Promise<boolean> {
    const now = clock();
    const left = leasedUntil - now;
    if (left > RENEW_BEFORE_MS && left <= LEASE_MS) return true;
    leasedUntil = (await store.takeLease(LEASE, holder, now, LEASE_MS)) ? now + LEASE_MS : 0;
    return leasedUntil > 0;
  }

  async function turn(): Promise<void> {
    try {
      if (!(await hasLease())) return;
    } catch (error) {
      return onError(error, 'lease');
    }
    watchClock();
    for (const chore of chores) {
      const { name, everyMs, cautious = false } = chore;
      if (cautious && performance.now() < cautiousUntil) continue;
      const now = clock();
      const due = dueAt.get(name) ?? 0;
      // A clock that went back must not keep a chore waiting for the time it came from.
      if (stopped || (now < due && due <= now + everyMs)) continue;
      dueAt.set(name, now + everyMs);
      await chore.run().catch((error: unknown) => onError(error, name));
    }
  }

  function schedule(): void {
    timer = setTimeout(() => {
      turning = turn().finally(() => {
        if (!stopped) schedule();
      });
    }, TICK_MS);
  }

  return {
    start: schedule,

    /** Does what is due now; for tests that move the clock. */
    turn,

    async stop(): Promise<void> {
      stopped = true;
      clearTimeout(timer);
      // A chore that hangs must not hold up the stop.
      await Promise.race([turning, delay(STOP_WITHIN_MS, undefined, { ref: false })]);
      // So that the next process need not wait for the lease to end.
      if (leasedUntil > 0) await store.dropLease(LEASE, holder);
    },
  };
}
