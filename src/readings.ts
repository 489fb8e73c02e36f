import { setTimeout as delay } from 'node:timers/promises';
import { Gauge, type Registry } from 'prom-client';
import type { OutboxBacklog } from './core/outbox/store.ts';
import type { LiveSessions } from './core/sessions/live-sessions.ts';
import type { Clock, Instant } from './core/time.ts';

/** What is read when somebody looks at the metrics. */
export interface Readings {
  readonly version: string;
  readonly clock: Clock;
  readonly isOnline: () => boolean;
  readonly isWritable: () => Promise<boolean>;
  /** Null until they were counted. */
  readonly liveSessions: () => Promise<LiveSessions | null>;
  /** Counts on to `most` and no further. */
  readonly waiting: (most: number) => Promise<OutboxBacklog>;
  /** Absent where none are taken by the clock. */
  readonly backups?:
    { readonly everyMs: number; readonly newestAt: () => Promise<Instant | null> } | undefined;
}

const MOST_WAITING = 10_000;
const PATIENCE_MS = 1_000;

/** Gauges of what is one for all processes. One that cannot be read in time is left out, or 0 if that alarms. */
export function addReadings(register: Registry, readings: Readings): void {
  const { version, clock, isOnline, isWritable, liveSessions, waiting, backups } = readings;
  const registers = [register];

  const build = new Gauge({
    name: 'latchkey_build_info',
    help: '1; its version is in the label',
    labelNames: ['version'],
    registers,
  });
  build.set({ version }, 1);

  void new Gauge({
    name: 'latchkey_gateway_connected',
    help: '1 while interactions arrive from Discord',
    registers,
    collect() {
      this.set(isOnline() ? 1 : 0);
    },
  });

  const readWritable = patiently(isWritable);
  void new Gauge({
    name: 'latchkey_database_writable',
    help: '1 unless the last change that was tried could not be written',
    registers,
    async collect() {
      this.set((await readWritable()) === true ? 1 : 0);
    },
  });

  const readLive = patiently(liveSessions);
  void new Gauge({
    name: 'latchkey_sessions_live',
    help: 'Live sessions, as they were counted last: large databases are counted every minute or two',
    labelNames: ['type'],
    registers,
    async collect() {
      const live = await readLive();
      this.reset();
      for (const [type, count] of Object.entries(live ?? {})) this.set({ type }, count);
    },
  });

  const readWaiting = patiently(() => waiting(MOST_WAITING));
  void new Gauge({
    name: 'latchkey_outbox_events',
    help: `Events that wait to be told in Discord; no more than ${MOST_WAITING} are counted`,
    registers,
    async collect() {
      const found = await readWaiting();
      if (found === undefined) this.remove();
      else this.set(found.count);
    },
  });
  void new Gauge({
    name: 'latchkey_outbox_oldest_age_seconds',
    help: 'How long ago the oldest of these happened; 0 if there are none',
    registers,
    async collect() {
      const found = await readWaiting();
      const now = clock();
      if (found === undefined) this.remove();
      else this.set(Math.max(0, now - (found.oldestAt ?? now)) / 1000);
    },
  });

  if (backups === undefined) return;
  const interval = new Gauge({
    name: 'latchkey_backup_interval_seconds',
    help: 'How long from one scheduled backup to the next',
    registers,
  });
  interval.set(backups.everyMs / 1000);
  const readNewest = patiently(backups.newestAt);
  void new Gauge({
    name: 'latchkey_backup_newest_timestamp_seconds',
    help: 'When the newest scheduled backup was taken; 0 if none is found',
    registers,
    async collect() {
      this.set(((await readNewest()) ?? 0) / 1000);
    },
  });
}

/**
 * The same, with an end to waiting: undefined where it fails or takes long. Who asks while it is being read
 * gets the same, so that a disk that hangs does not gather calls.
 */
function patiently<Value>(read: () => Promise<Value>): () => Promise<Value | undefined> {
  let reading: Promise<Value | undefined> | undefined;
  return () => {
    reading ??= read()
      .catch(() => undefined)
      .finally(() => (reading = undefined));
    return Promise.race([reading, delay(PATIENCE_MS, undefined, { ref: false })]);
  };
}
