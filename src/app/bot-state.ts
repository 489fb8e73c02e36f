import { setTimeout as delay } from 'node:timers/promises';
import type { Job } from '../core/jobs/scheduler.ts';
import type { SettingStore } from '../core/settings.ts';
import type { Clock, Instant } from '../core/time.ts';
import { findStaffServer } from '../discord/server/staff-channel.ts';

/** What a process that only answers HTTP cannot see for itself. */
export interface BotState {
  /** Null while interactions arrive from Discord, else the reason why they do not. */
  readonly gatewayTrouble: string | null;
  /** The staff channel's server; null while it is not known. */
  readonly serverId: string | null;
}

interface Report {
  readonly gatewayTrouble: string | null;
  /** That it changes shows that somebody is there. */
  readonly at: Instant;
}

const REPORT = 'gateway';
const REPORT_EVERY_MS = 5_000;
const READ_EVERY_MS = 3_000;
/** Longer than it takes until another bot has taken the place of one that ended. */
const SILENT_AFTER_MS = 30_000;

const SILENT = 'no process with the bot is heard of';

/** Tells other processes of the bot, by way of the database. */
export function reportBot(
  store: Pick<SettingStore, 'saveSetting'>,
  clock: Clock,
  trouble: () => string | null,
): Job {
  return {
    name: 'report',
    everyMs: REPORT_EVERY_MS,
    async run() {
      const report: Report = { gatewayTrouble: trouble(), at: clock() };
      await store.saveSetting(REPORT, report);
    },
  };
}

export interface WatchDeps {
  readonly store: Pick<SettingStore, 'findSetting'>;
  /** Milliseconds on a clock that no correction of the time moves: those of two machines differ. */
  readonly monotonicNow: () => number;
}

/** Reads again and again what is told of the bot. What cannot be read is as it was last. */
export function watchBot({ store, monotonicNow }: WatchDeps) {
  const stopping = new AbortController();
  let report: Report = { gatewayTrouble: SILENT, at: 0 };
  let heardAt = -Infinity;
  let serverId: string | null = null;

  async function read(): Promise<void> {
    serverId = await findStaffServer(store);
    const found = (await store.findSetting(REPORT)) as Report | undefined;
    if (found === undefined || found.at === report.at) return;
    report = found;
    heardAt = monotonicNow();
  }

  async function watch(): Promise<void> {
    for (;;) {
      await delay(READ_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => {});
      if (stopping.signal.aborted) return;
      await read().catch(() => {});
    }
  }

  return {
    /** Resolves once it was read first, if it can be. */
    async start(): Promise<void> {
      await read().catch(() => {});
      void watch();
    },

    state(): BotState {
      const isSilent = monotonicNow() - heardAt >= SILENT_AFTER_MS;
      return { serverId, gatewayTrouble: isSilent ? SILENT : report.gatewayTrouble };
    },

    stop: () => stopping.abort(),
  };
}

export type BotWatch = ReturnType<typeof watchBot>;
