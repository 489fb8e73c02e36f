import { randomBytes, randomUUID } from 'node:crypto';
import type { Config } from '../config.ts';
import { createClockStability } from '../core/jobs/clock-stability.ts';
import { createScheduler } from '../core/jobs/scheduler.ts';
import { createLiveSessions } from '../core/sessions/live-sessions.ts';
import type { Random } from '../core/sessions/token.ts';
import type { Clock } from '../core/time.ts';
import { createRest, observeRefusals } from '../discord/rest.ts';
import { createLoginGate } from '../http/limits/login-gate.ts';
import { createMetricsApi, isLoopback } from '../http/metrics.ts';
import { serve } from '../http/server/server.ts';
import type { Log } from '../log.ts';
import { createMetrics, silentMeter } from '../metrics.ts';
import { openDatabase } from '../store/database.ts';
import type { OpenDatabase } from '../store/open-database.ts';
import { version } from '../version.ts';
import { startHttp } from './http.ts';
import { createOwnJobs } from './jobs.ts';
import { withBot, withoutBot } from './process-parts.ts';
import { startWorkers } from './workers.ts';

export interface Overrides {
  readonly clock?: Clock;
  readonly random?: Random;
  /** A database file of this size or more is checked after the start. */
  readonly checkedBelowBytes?: number;
}

export interface App {
  /** Resolves with what forces us to end; never, if all is well. */
  readonly failure: OpenDatabase['failure'];
  /** Where HTTP listens; 0 where it does not. */
  readonly port: number;
  /** Stops everything in the opposite order, letting what is under way end. */
  stop(): Promise<void>;
}

const monotonicNow = () => performance.now();

/**
 * Puts the parts together and starts them: the database, then HTTP, then the way to Discord, for
 * which nothing waits.
 * @throws StoreError, ListenError, WorkerError
 */
export async function startApp(
  config: Config,
  log: Log,
  { clock = Date.now, random = randomBytes, checkedBelowBytes }: Overrides = {},
): Promise<App> {
  await using parts = new AsyncDisposableStack();
  const metrics = config.metricsPort === undefined ? undefined : createMetrics();
  const meter = metrics ?? silentMeter;

  const database = await openDatabase(
    { ...config, checkedBelowBytes },
    { log, clock, monotonicNow, random: Math.random, onRecorded: metrics?.recorded },
  );
  parts.defer(() => database.store.close());
  const store = metrics?.measure(database.store) ?? database.store;

  const { token, apiUrl } = config.discord;
  const rest = observeRefusals(createRest(apiUrl, token), () => meter.refusedMessage());
  const shared = { config, store, rest, clock, random, log, meter };
  const { core, jobs, bot, botState, onLease } =
    config.role === 'http'
      ? await withoutBot(shared, monotonicNow)
      : withBot({ ...shared, leads: () => scheduler.leads() });
  parts.defer(() =>
    core.lastUsed.end().catch((err) => log.warn({ err }, 'last-used times were lost')),
  );
  const gateway = () => botState().gatewayTrouble;
  const scheduler = createScheduler({
    store,
    clock,
    holder: randomUUID(),
    random: Math.random,
    clockStability: createClockStability({ store, clock, monotonicNow }),
    jobs: [...createOwnJobs(core), ...jobs, ...(config.role === 'http' ? [] : database.jobs)],
    onError: (err, job) => log.warn({ err, job }, 'a job failed'),
    onLease,
  });

  // They stop together, since each has its own limit; what all of them use stops after them.
  const running: { stop(): unknown }[] = [{ stop: core.lastUsed.hurry }, database, scheduler, bot];
  parts.defer(async () => {
    for (const each of await Promise.allSettled(running.map(async (part) => part.stop()))) {
      if (each.status === 'rejected')
        log.warn({ err: each.reason as unknown }, 'a part failed to stop');
    }
  });

  const { host, failuresPerMinute } = config.http;
  const workers =
    config.role === 'bot' || config.http.workers === 1
      ? undefined
      : await startWorkers(config.http.workers, log, {
          state: botState,
          onDamage: () => database.reportDamage(),
          logIn: core.logins && createLoginGate({ ...core.logins, failuresPerMinute, clock }),
        });
  const http =
    config.role === 'bot'
      ? undefined
      : (workers ?? (await startHttp({ ...shared, core, gateway })));
  if (http !== undefined) running.push(http);

  if (metrics !== undefined && config.metricsPort !== undefined) {
    const liveSessions = createLiveSessions({ store: database.store, clock, monotonicNow });
    metrics.addReadings({
      version,
      clock,
      isOnline: () => gateway() === null,
      isWritable: () => database.store.isWritable(),
      liveSessions: () => liveSessions.count(),
      waiting: (most) => database.store.waiting(most),
      backups: database.backups,
    });
    if (workers !== undefined) metrics.addOthers(() => workers.samples());
    running.push(await serve(createMetricsApi(metrics), host, config.metricsPort, 'METRICS_PORT'));
    if (!isLoopback(host)) {
      log.warn(
        `METRICS_PORT listens on ${host} and answers anybody, without a credential: let only Prometheus reach port ${config.metricsPort}`,
      );
    }
  }
  if (http === undefined) log.info('the bot starts; other processes answer HTTP');
  else log.info(`HTTP listens on ${host}, port ${http.port}`);
  scheduler.start();
  bot.start();

  const started = parts.move();
  const port = http?.port ?? 0;
  return { failure: database.failure, port, stop: () => started.disposeAsync() };
}
