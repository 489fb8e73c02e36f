import { setTimeout as delay } from 'node:timers/promises';
import type { Clock, Instant } from '../time.ts';
import type { ClockStability } from './clock-stability.ts';
import type { LeaseStore } from './store.ts';

/** Something that must be done again and again, in short steps. */
export interface Job {
  readonly name: string;
  readonly everyMs: number;
  /** In each process, rather than in the one that has the lease. */
  readonly everywhere?: boolean;
  /** Waits until the clock has run for so long without a jump. */
  readonly stableForMs?: number;
  run(): Promise<void>;
}

export interface SchedulerDeps {
  readonly store: LeaseStore;
  readonly clock: Clock;
  readonly clockStability: ClockStability;
  readonly jobs: readonly Job[];
  /** This process, among those on the same database. */
  readonly holder: string;
  /** From 0 to 1, so that processes and jobs do not fall into step. */
  readonly random: () => number;
  readonly onError: (error: unknown, job: string) => void;
  /** Hears when this process gets the lease, which another had or nobody. */
  readonly onLease?: () => void;
}

const TICK_MS = 1_000;
const JITTER = 0.1;
const LONGEST_BACK_OFF_MS = 300_000;
const STOP_WITHIN_MS = 2_000;
const LEASE = 'clockwork';
const LEASE_MS = 15_000;
const RENEW_BEFORE_MS = 7_000;

interface Progress {
  dueAt: Instant;
  pauseMs: number;
  failures: number;
  running: boolean;
}

/**
 * Runs each job when it is due, whatever the others are at. A lease lets only one of several processes
 * do what is not to be done everywhere; what there is to do is read from the database, so a restart or a
 * jump of the clock loses nothing.
 */
export function createScheduler(deps: SchedulerDeps) {
  const { store, clock, clockStability, jobs, holder, random, onError } = deps;
  const leased = jobs.filter(({ everywhere }) => !everywhere);
  const progress = new Map(
    jobs.map(({ name }): [string, Progress] => [
      name,
      { dueAt: 0, pauseMs: 0, failures: 0, running: false },
    ]),
  );
  const underWay = new Set<Promise<unknown>>();
  let leasedUntil: Instant = 0;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  /** A stop waits for it. */
  async function tracked<Result>(work: Promise<Result>): Promise<Result> {
    underWay.add(work);
    try {
      return await work;
    } finally {
      underWay.delete(work);
    }
  }

  /** Whether it was had within its time, by our clock. */
  function holdsLease(leastMs = 0): boolean {
    const left = leasedUntil - clock();
    return left > leastMs && left <= LEASE_MS;
  }

  async function hasLease(): Promise<boolean> {
    if (holdsLease(RENEW_BEFORE_MS)) return true;
    const [now, isNew] = [clock(), !holdsLease()];
    leasedUntil = (await store.takeLease(LEASE, holder, now, LEASE_MS)) ? now + LEASE_MS : 0;
    if (leasedUntil > 0 && isNew) deps.onLease?.();
    return leasedUntil > 0;
  }

  /** One that fails waits longer each time, up to five minutes beyond its interval. */
  function pauseOf({ everyMs }: Job, failures: number): number {
    const backOff = failures === 0 ? 0 : Math.min(everyMs * 2 ** failures, LONGEST_BACK_OFF_MS);
    return (everyMs + backOff) * (1 - JITTER + 2 * JITTER * random());
  }

  async function run(job: Job, state: Progress): Promise<void> {
    const startedAt = clock();
    state.running = true;
    try {
      await job.run();
      state.failures = 0;
    } catch (error) {
      state.failures += 1;
      onError(error, job.name);
    }
    state.pauseMs = pauseOf(job, state.failures);
    state.dueAt = startedAt + state.pauseMs;
    state.running = false;
  }

  function isDue({ dueAt, pauseMs, running }: Progress): boolean {
    const now = clock();
    // A clock that went back must not keep a job waiting for the time it came from.
    return !running && (now >= dueAt || dueAt > now + pauseMs);
  }

  async function runDue(some: readonly Job[]): Promise<void> {
    const begun: Promise<void>[] = [];
    for (const job of some) {
      const state = progress.get(job.name);
      if (stopped || state === undefined || !isDue(state)) continue;
      begun.push(tracked(run(job, state)));
    }
    await Promise.all(begun);
  }

  async function runLeased(): Promise<void> {
    if (leased.length === 0) return;
    let steadyForMs: number;
    try {
      if (!(await tracked(hasLease()))) return;
      steadyForMs = await clockStability.stableForMs();
    } catch (error) {
      return onError(error, 'lease');
    }
    await runDue(leased.filter(({ stableForMs = 0 }) => steadyForMs >= stableForMs));
  }

  /** Does what is due now. */
  async function tick(): Promise<void> {
    await Promise.all([runDue(jobs.filter(({ everywhere }) => everywhere)), runLeased()]);
  }

  function schedule(): void {
    timer = setTimeout(() => {
      if (stopped) return;
      void tick();
      schedule();
    }, TICK_MS);
  }

  return {
    start(): void {
      // At once: until somebody leads, nobody follows what happens meanwhile.
      if (leased.length > 0) tracked(hasLease()).catch((error: unknown) => onError(error, 'lease'));
      schedule();
    },

    /** Whether this process is the one that does what is not to be done everywhere. */
    leads: () => holdsLease(),

    /** For tests that move the clock. */
    tick,

    async stop(): Promise<void> {
      stopped = true;
      clearTimeout(timer);
      // A job that hangs must not hold up the stop.
      await Promise.race([
        Promise.allSettled(underWay),
        delay(STOP_WITHIN_MS, undefined, { ref: false }),
      ]);
      // So that the next process need not wait for the lease to end.
      if (leasedUntil > 0) await store.dropLease(LEASE, holder);
      leasedUntil = 0;
    },
  };
}
