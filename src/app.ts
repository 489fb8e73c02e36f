import { randomBytes, randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { Config } from './config.ts';
import { createAccounts } from './core/accounts.ts';
import { purgeAudit } from './core/audit.ts';
import { findApplication, saveApplication } from './core/authorization.ts';
import { createClockwork } from './core/clockwork.ts';
import { createLastUsed } from './core/last-used.ts';
import { createDeletions } from './core/deletions.ts';
import { createLeaks } from './core/leaks.ts';
import { createLogins } from './core/logins.ts';
import { createNotices } from './core/notices.ts';
import { createOwnData } from './core/own-data.ts';
import type { Clock } from './core/ports.ts';
import { createPostman } from './core/postman.ts';
import { createQuestions, purgeQuestions } from './core/questions.ts';
import { createSessions } from './core/sessions.ts';
import { createStaff } from './core/staff.ts';
import { remind } from './core/reminders.ts';
import { createSteadiness } from './core/steady.ts';
import type { Random } from './core/token.ts';
import { createBot } from './discord/bot.ts';
import { commands, components, messageCommands, staffCommands } from './discord/commands/index.ts';
import { createIsBannedInServer, createIsCommunityMember } from './discord/community.ts';
import { describeApplication } from './discord/application.ts';
import {
  createDeleteMessage,
  createDeliver,
  createGreet,
  createSendFile,
} from './discord/deliver.ts';
import { createDispatch } from './discord/dispatch.ts';
import { createGuard } from './discord/guard.ts';
import { permissionsFor } from './discord/permissions.ts';
import { createPost } from './discord/post.ts';
import { registerCommands } from './discord/register.ts';
import { createRemove } from './discord/remove.ts';
import { createRest } from './discord/rest.ts';
import { createServerEvents } from './discord/server-events.ts';
import { createStaffRoom } from './discord/staff-room.ts';
import { createApi } from './http/api.ts';
import { createIdentify } from './http/discord-identity.ts';
import { createMetricsApi } from './http/metrics.ts';
import { close, createHttpServer, listen, type Servable } from './http/server.ts';
import type { Log } from './log.ts';
import { createMetrics, silentMeter } from './metrics.ts';
import { openStore } from './store/open.ts';

export interface Overrides {
  readonly clock?: Clock;
  readonly random?: Random;
}

export interface App {
  /** Where HTTP listens. */
  readonly port: number;
  /** Stops everything in the opposite order, letting what is under way end. */
  stop(): Promise<void>;
}

const HOUR_MS = 3_600_000;

/**
 * Puts the parts together and starts them: the database, then HTTP, then the way to Discord, for
 * which nothing waits.
 * @throws StoreError, ListenError
 */
export async function startApp(
  config: Config,
  log: Log,
  { clock = Date.now, random = randomBytes }: Overrides = {},
): Promise<App> {
  const { tokenPrefix, limits, communityServerId, metricsPort } = config;
  const metrics =
    metricsPort === undefined
      ? undefined
      : createMetrics({ isOnline: () => bot.trouble() === null });
  const meter = metrics ?? silentMeter;

  const opened = openStore(config.databaseFile);
  const store = metrics?.measure(opened) ?? opened;
  const lastUsed = createLastUsed(store, clock);

  const { token, apiUrl } = config.discord;
  const { staff: staffConfig, revokeOnLeave } = config;
  const rest = createRest(apiUrl, token);
  const staffRoom = createStaffRoom({
    ...staffConfig,
    rest,
    store,
    log,
    commands: staffCommands(staffConfig.roleIds),
  });
  const serverId = () => communityServerId ?? staffRoom.serverId();
  const hasStaffChannel = staffConfig.channelId !== undefined;
  const hasServer = communityServerId !== undefined || hasStaffChannel;
  const follows = hasServer && revokeOnLeave !== 'off';

  const isCommunityMember =
    communityServerId === undefined ? undefined : createIsCommunityMember(rest, communityServerId);
  const accounts = createAccounts({ store, clock });
  const isBannedInServer = follows ? createIsBannedInServer(rest, serverId) : undefined;
  const core = {
    store,
    clock,
    random,
    tokenPrefix,
    limits,
    isCommunityMember,
    isBannedInServer,
  };
  const sessions = createSessions({ ...core, lastUsed });
  const { clientSecret, redirectUris, appRedirectUris } = config.login;
  const logins =
    clientSecret === undefined
      ? undefined
      : createLogins({
          ...core,
          accounts,
          redirectUris,
          appRedirectUris,
          identify: createIdentify({ apiUrl, clientSecret, log }),
        });

  const guard = createGuard({ rest, store, clock, tokenPrefix, serverId });
  const dispatch = createDispatch({
    commands: [...commands, ...staffCommands(staffConfig.roleIds)],
    messageCommands,
    components,
    sessions,
    accounts,
    staff: createStaff({ store, lastUsed, clock }),
    questions: createQuestions({ store, clock, random }),
    leaks: createLeaks({ store, clock, tokenPrefix }),
    guard,
    staffRoom,
    ownData: createOwnData({ store, clock }),
    notices: createNotices({ store, clock }),
    greet: createGreet(rest),
    deliver: createDeliver({ rest, log, tokenUrl: config.tokenUrl }),
    sendFile: createSendFile(rest),
    remove: createRemove(rest, log),
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
    guard: hasStaffChannel ? guard : undefined,
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
      await staffRoom.open(application.id);
      await serverEvents.catchUp();
    },
    log,
  });

  const postman = createPostman({
    store,
    clock,
    random,
    post: createPost({ rest, clock, staffChannelId: () => staffRoom.feedChannelId() }),
    onFailure(err, { attempts }, givenUp) {
      const level = attempts === 1 || givenUp ? 'warn' : 'debug';
      log[level]({ err, attempts, givenUp }, 'a message could not be posted');
    },
  });
  const deletions = createDeletions({
    store,
    clock,
    deleteMessage: createDeleteMessage(rest),
    onFailure(err, { attempts }, givenUp) {
      const level = attempts === 1 || givenUp ? 'warn' : 'debug';
      log[level]({ err, attempts, givenUp }, 'a message with a token could not be deleted');
    },
  });
  async function purge(): Promise<void> {
    await sessions.purge();
    await purgeAudit(store, clock);
  }

  const clockwork = createClockwork({
    store,
    clock,
    holder: randomUUID(),
    chance: Math.random,
    steadiness: createSteadiness({ store, clock, running: () => performance.now() }),
    chores: [
      { name: 'last use', everyMs: 30_000, everywhere: true, run: () => lastUsed.flush() },
      { name: 'outbox', everyMs: 1_000, run: () => postman.deliver() },
      { name: 'deletions', everyMs: 5_000, run: () => deletions.run() },
      { name: 'questions', everyMs: HOUR_MS, run: () => purgeQuestions(store, clock) },
      { name: 'bans', everyMs: 5_000, steadyMs: HOUR_MS, run: () => accounts.liftExpiredBans() },
      { name: 'reminders', everyMs: 60_000, steadyMs: HOUR_MS, run: () => remind(store, clock) },
      { name: 'purge', everyMs: HOUR_MS, steadyMs: 24 * HOUR_MS, run: purge },
    ],
    onError: (err, chore) => log.warn({ err, chore }, 'a chore failed'),
  });

  const { host, port: wantedPort, ...httpLimits } = config.http;
  const { publicUrl, introspectionSecret } = config;
  const vitals = {
    database: () => store.ping(),
    isWritable: () => store.isWritable(),
    gateway: () => bot.trouble(),
    log,
  };
  const api = createApi({
    ...httpLimits,
    sessions,
    logins,
    clock,
    vitals,
    log,
    meter,
    publicUrl,
    introspectionSecret,
  });
  const servers: Server[] = [];

  async function stop(): Promise<void> {
    await bot.stop().catch((err) => log.warn({ err }, 'the bot failed to stop'));
    await Promise.all(servers.map(close));
    await lastUsed.flush().catch((err) => log.warn({ err }, 'last-used times were lost'));
    await store.close();
  }

  async function serve(app: Servable, on: number, variable: string): Promise<number> {
    const server = createHttpServer(app);
    const bound = await listen(server, host, on, variable);
    servers.push(server);
    return bound;
  }

  let port: number;
  try {
    port = await serve(api, wantedPort, 'HTTP_PORT');
    if (metrics !== undefined && metricsPort !== undefined) {
      await serve(createMetricsApi(metrics), metricsPort, 'METRICS_PORT');
    }
  } catch (error) {
    await stop();
    throw error;
  }
  log.info(`HTTP listens on ${host}, port ${port}`);
  bot.start();

  clockwork.start();

  return {
    port,
    async stop() {
      await clockwork.stop().catch((err) => log.warn({ err }, 'the chores failed to stop'));
      await stop();
    },
  };
}
