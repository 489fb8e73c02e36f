import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { Config } from './config.ts';
import { type Application, saveApplication } from './core/authorization.ts';
import { createLastUsed } from './core/last-used.ts';
import type { Clock } from './core/ports.ts';
import { createLogins } from './core/logins.ts';
import { createSessions } from './core/sessions.ts';
import type { Random } from './core/token.ts';
import { createBot } from './discord/bot.ts';
import { createIsCommunityMember } from './discord/community.ts';
import { commands, components } from './discord/commands/index.ts';
import { createDeliver } from './discord/deliver.ts';
import { createDispatch } from './discord/dispatch.ts';
import { createRest } from './discord/rest.ts';
import { createApi } from './http/app.ts';
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

const FLUSH_EVERY_MS = 30_000;
const PURGE_EVERY_MS = 3_600_000;

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
  const lastUsed = createLastUsed(store);

  const { token, apiUrl } = config.discord;
  const rest = createRest(apiUrl, token);
  const isCommunityMember =
    communityServerId === undefined ? undefined : createIsCommunityMember(rest, communityServerId);

  const core = { store, clock, random, tokenPrefix, limits, isCommunityMember };
  const sessions = createSessions({ ...core, lastUsed });
  const { clientSecret, redirectUris, appRedirectUris } = config.login;
  const logins =
    clientSecret === undefined
      ? undefined
      : createLogins({
          ...core,
          redirectUris,
          appRedirectUris,
          identify: createIdentify({ apiUrl, clientSecret, log }),
        });

  const deliver = createDeliver({ rest, log, tokenUrl: config.tokenUrl });
  const services = { sessions, deliver, clock };
  const dispatch = createDispatch({ ...services, commands, components, log, meter });
  const onApplication = (application: Application) => saveApplication(store, application);
  const bot = createBot({ token, apiUrl, commands, dispatch, onApplication, rest, log });

  const { host, port: wantedPort, ...httpLimits } = config.http;
  const { publicUrl, introspectionSecret } = config;
  const vitals = { database: () => store.ping(), gateway: () => bot.trouble() };
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
    await bot.stop().catch((err) => log.warn({ err }, 'the bot did not stop as it should'));
    await Promise.all(servers.map(close));
    await lastUsed.flush().catch((err) => log.warn({ err }, 'the last uses are lost'));
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

  const timers = [
    every(FLUSH_EVERY_MS, 'the last uses could not be written', () => lastUsed.flush()),
    every(PURGE_EVERY_MS, 'ended sessions could not be removed', () => sessions.purge()),
  ];
  return {
    port,
    async stop() {
      for (const timer of timers) clearInterval(timer);
      await stop();
    },
  };

  function every(ms: number, complaint: string, work: () => Promise<void>) {
    return setInterval(() => {
      work().catch((err) => log.warn({ err }, complaint));
    }, ms);
  }
}
