import { randomBytes, randomUUID } from 'node:crypto';
import type { Config } from '../config.ts';
import { findApplication, saveApplication } from '../core/accounts/authorization.ts';
import { createNotices } from '../core/accounts/notices.ts';
import { createOwnData } from '../core/accounts/own-data.ts';
import { purgeAudit } from '../core/audit/retention.ts';
import { createClockStability } from '../core/jobs/clock-stability.ts';
import { createScheduler } from '../core/jobs/scheduler.ts';
import { createDeletions } from '../core/outbox/deletions.ts';
import { createOutboxRelay } from '../core/outbox/outbox-relay.ts';
import { createLiveSessions } from '../core/sessions/live-sessions.ts';
import { remind } from '../core/sessions/reminders.ts';
import type { Random } from '../core/sessions/token.ts';
import { createConfirmations, purgeConfirmations } from '../core/staff/confirmations.ts';
import { createStaff } from '../core/staff/staff.ts';
import type { Clock } from '../core/time.ts';
import { describeApplication } from '../discord/gateway/application.ts';
import { createBot } from '../discord/gateway/bot.ts';
import { permissionsFor } from '../discord/gateway/permissions.ts';
import { registerCommands } from '../discord/gateway/register.ts';
import { createServerEvents } from '../discord/gateway/server-events.ts';
import {
  commands,
  components,
  messageCommands,
  staffCommands,
} from '../discord/interactions/commands/index.ts';
import { createDispatch } from '../discord/interactions/dispatch.ts';
import { createDeleteReportedMessage } from '../discord/messages/delete-reported-message.ts';
import {
  createDeleteOwnMessage,
  createDeliver,
  createRetract,
  createSendFile,
  createSendTestMessage,
} from '../discord/messages/deliver.ts';
import { createSendBatch } from '../discord/messages/send-batch.ts';
import { createRest, observeRefusals } from '../discord/rest.ts';
import { createAutomodRule } from '../discord/server/automod-rule.ts';
import { createStaffChannel } from '../discord/server/staff-channel.ts';
import { createLoginGate } from '../http/limits/login-gate.ts';
import { createMetricsApi, isLoopback } from '../http/metrics.ts';
import { serve } from '../http/server/server.ts';
import type { Log } from '../log.ts';
import { createMetrics, silentMeter } from '../metrics.ts';
import { createCheckup } from '../store/sqlite/file/checkup.ts';
import { isCheckedLater, openStore, type UnusableDatabase } from '../store/sqlite/file/open.ts';
import { createScheduledBackups } from '../store/sqlite/file/scheduled-backups.ts';
import { version } from '../version.ts';
import { createCore, followsServer } from './core.ts';
import { startHttp } from './http.ts';
import { startWorkers, type Workers } from './workers.ts';

export interface Overrides {
  readonly clock?: Clock;
  readonly random?: Random;
  /** A database file of this size or more is checked after the start. */
  readonly checkedBelowBytes?: number;
}

export interface App {
  /** Resolves with what forces us to end; never, if all is well. */
  readonly failure: Promise<UnusableDatabase>;
  /** Where HTTP listens. */
  readonly port: number;
  /** Stops everything in the opposite order, letting what is under way end. */
  stop(): Promise<void>;
}

const HOUR_MS = 3_600_000;
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
  const { tokenPrefix, communityServerId, metricsPort, backups: plan } = config;
  let workers: Workers | undefined;
  const metrics =
    metricsPort === undefined
      ? undefined
      : createMetrics({
          readings: {
            version,
            clock,
            isOnline: () => bot.trouble() === null,
            isWritable: () => opened.isWritable(),
            liveSessions: () => liveSessions.count(),
            waiting: (most) => opened.waiting(most),
            backups: plan && {
              everyMs: plan.everyMs,
              newestAt: async () => (await backups?.newestAt()) ?? null,
            },
          },
          others: () => workers?.metrics() ?? Promise.resolve([]),
        });
  const meter = metrics ?? silentMeter;

  const { databaseFile } = config;
  const backupFolder = plan?.folder;
  const isLarge = isCheckedLater(databaseFile, checkedBelowBytes);
  const checkup = createCheckup({
    databaseFile,
    backupFolder,
    monotonicNow,
    onSound: () => log.info('the database was checked, and no damage found'),
    onFailure: (err) => log.warn({ err }, 'the database could not be checked'),
  });
  function onDamage(): void {
    if (checkup.begin()) log.error('the database seems to be damaged: it is being checked');
  }
  const opened = openStore(databaseFile, {
    backupFolder,
    checkedBelowBytes,
    now: clock(),
    onDamage,
    onRecorded: metrics?.recorded,
  });
  const store = metrics?.measure(opened) ?? opened;
  const liveSessions = createLiveSessions({ store: opened, clock, monotonicNow });

  const { token, apiUrl } = config.discord;
  const { staff: staffConfig, revokeOnLeave } = config;
  const rest = observeRefusals(createRest(apiUrl, token), () => meter.refusedMessage());
  const staffChannel = createStaffChannel({
    ...staffConfig,
    rest,
    store,
    log,
    commands: staffCommands(staffConfig.roleIds),
  });
  const serverId = () => communityServerId ?? staffChannel.serverId();
  const hasStaffChannel = staffConfig.channelId !== undefined;
  const follows = followsServer(config);
  const core = createCore({ config, store, rest, clock, random, log, serverId });
  const { sessions, tokens, accounts, lastUsed, leaks } = core;

  const automodRule = createAutomodRule({ rest, store, clock, tokenPrefix, serverId });
  const dispatch = createDispatch({
    commands: [...commands, ...staffCommands(staffConfig.roleIds)],
    messageCommands,
    components,
    sessions,
    tokens,
    accounts,
    staff: createStaff({ store, lastUsed, clock }),
    confirmations: createConfirmations({ store, clock, random }),
    leaks,
    automodRule,
    staffChannel,
    ownData: createOwnData({ store, clock }),
    notices: createNotices({ store, clock }),
    sendTestMessage: createSendTestMessage(rest),
    deliver: createDeliver({ rest, log, tokenUrl: config.tokenUrl }),
    sendFile: createSendFile(rest),
    deleteReportedMessage: createDeleteReportedMessage(rest, log),
    clock,
    log,
    meter,
  });
  const serverEvents = createServerEvents({
    accounts,
    store,
    clock,
    rest,
    log,
    revokeOnLeave: follows ? revokeOnLeave : 'off',
    serverId,
    automodRule: hasStaffChannel ? automodRule : undefined,
  });
  const bot = createBot({
    token,
    apiUrl,
    intents: serverEvents.intents,
    permissions: permissionsFor({ staffed: hasStaffChannel, follows }),
    dispatch,
    onClient: (client) => serverEvents.listen(client),
    async onReady(application) {
      // Enough to log in with, until Discord has told the rest.
      const known = await findApplication(store);
      if (known?.id !== application.id) await saveApplication(store, application);
      const payload = [...commands, ...messageCommands].map(({ data }) => data);
      const wrote = await registerCommands(rest, application.id, payload);
      log.info(wrote ? 'commands registered with Discord' : 'commands are up to date');
      await saveApplication(store, await describeApplication(rest, application));
      await staffChannel.open(application.id);
      await serverEvents.catchUp();
    },
    log,
  });

  /** Aloud at the first attempt and at the last. */
  const tellOfFailure =
    (what: string) =>
    (err: unknown, { attempts }: { readonly attempts: number }, givenUp: boolean): void => {
      const level = attempts === 1 || givenUp ? 'warn' : 'debug';
      log[level]({ err, attempts, givenUp }, what);
    };
  const outboxRelay = createOutboxRelay({
    store,
    clock,
    random,
    send: createSendBatch({ rest, clock, staffChannelId: () => staffChannel.feedChannelId() }),
    onFailure: tellOfFailure('a message could not be posted'),
  });
  const deletions = createDeletions({
    store,
    clock,
    deleteMessage: createDeleteOwnMessage(rest),
    retract: createRetract(rest),
    onFailure: tellOfFailure('a message with a token could not be deleted or taken back'),
  });
  async function purge(): Promise<void> {
    await sessions.purge();
    await purgeAudit(store, clock);
    await store.purgeAllowances(clock());
  }

  const backups =
    plan &&
    createScheduledBackups({
      ...plan,
      databaseFile,
      clock,
      onDone: (file) => log.info({ file }, 'the database is backed up'),
      onFailure: (reason, retryAfterMs) => log.warn({ reason, retryAfterMs }, 'the backup failed'),
    });

  const scheduler = createScheduler({
    store,
    clock,
    holder: randomUUID(),
    random: Math.random,
    clockStability: createClockStability({ store, clock, monotonicNow }),
    jobs: [
      { name: 'last use', everyMs: 30_000, everywhere: true, run: () => lastUsed.flush() },
      { name: 'outbox', everyMs: 1_000, run: () => outboxRelay.run() },
      { name: 'deletions', everyMs: 1_000, stableForMs: HOUR_MS, run: () => deletions.run() },
      { name: 'questions', everyMs: HOUR_MS, run: () => purgeConfirmations(store, clock) },
      { name: 'bans', everyMs: 5_000, stableForMs: HOUR_MS, run: () => accounts.liftExpiredBans() },
      { name: 'reminders', everyMs: 60_000, stableForMs: HOUR_MS, run: () => remind(store, clock) },
      // Not a day: what sleeps at night is to be purged too.
      { name: 'purge', everyMs: HOUR_MS, stableForMs: 6 * HOUR_MS, run: purge },
      ...(backups
        ? [{ name: 'backup', everyMs: 60_000, stableForMs: HOUR_MS, run: () => backups.run() }]
        : []),
    ],
    onError: (err, job) => log.warn({ err, job }, 'a job failed'),
  });

  const listening: { stop(): Promise<void> }[] = [];
  const gateway = () => bot.trouble();

  /** All at once, since each has its own limit; the database last, which all of them use. */
  async function stop(): Promise<void> {
    checkup.stop();
    const ended = await Promise.allSettled([
      scheduler.stop(),
      bot.stop(),
      ...listening.map((each) => each.stop()),
    ]);
    for (const each of ended) {
      if (each.status === 'rejected')
        log.warn({ err: each.reason as unknown }, 'a part failed to stop');
    }
    await lastUsed.flush().catch((err) => log.warn({ err }, 'last-used times were lost'));
    await store.close();
  }

  const { host } = config.http;
  let port: number;
  try {
    if (config.http.workers > 1) {
      const news = () => ({ gatewayTrouble: gateway(), serverId: staffChannel.serverId() });
      const { failuresPerMinute } = config.http;
      const logIn = core.logins && createLoginGate({ ...core.logins, failuresPerMinute, clock });
      workers = await startWorkers(config.http.workers, log, { news, onDamage, logIn });
      listening.push(workers);
      ({ port } = workers);
    } else {
      const web = await startHttp({ config, core, store, clock, log, meter, gateway });
      listening.push(web);
      ({ port } = web);
    }
    if (metrics !== undefined && metricsPort !== undefined) {
      listening.push(await serve(createMetricsApi(metrics), host, metricsPort, 'METRICS_PORT'));
      if (!isLoopback(host)) {
        log.warn(
          `METRICS_PORT listens on ${host} and answers anybody, without a credential: let only Prometheus reach port ${metricsPort}`,
        );
      }
    }
  } catch (error) {
    await stop();
    throw error;
  }
  log.info(`HTTP listens on ${host}, port ${port}`);
  bot.start();

  scheduler.start();

  if (isLarge) checkup.begin();

  return {
    failure: checkup.damage,
    port,
    async stop() {
      backups?.stop();
      await stop();
    },
  };
}
