import { randomBytes } from 'node:crypto';
import type { Config } from './config.ts';
import { createLastUsed } from './core/last-used.ts';
import type { Clock } from './core/ports.ts';
import { createSessions } from './core/sessions.ts';
import type { Random } from './core/token.ts';
import { createBot } from './discord/bot.ts';
import { commands, components } from './discord/commands/index.ts';
import { createDeliver } from './discord/deliver.ts';
import { createDispatch } from './discord/dispatch.ts';
import { createRest } from './discord/rest.ts';
import { close, createApi, createHttpServer, listen } from './http/server.ts';
import type { Log } from './log.ts';
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
  const store = openStore(config.databaseFile);
  const lastUsed = createLastUsed(store);
  const { tokenPrefix, maxApiTokens } = config;
  const sessions = createSessions({ store, lastUsed, clock, random, tokenPrefix, maxApiTokens });

  const { token, apiUrl } = config.discord;
  const rest = createRest(apiUrl, token);
  const deliver = createDeliver({ rest, log, tokenUrl: config.tokenUrl });
  const dispatch = createDispatch({ commands, components, log, sessions, deliver, clock });
  const bot = createBot({ token, apiUrl, commands, dispatch, rest, log });

  const vitals = { database: () => store.ping(), gateway: () => bot.trouble() };
  const server = createHttpServer(createApi({ sessions, clock, vitals, log }));
  const { host } = config.http;
  let port: number;
  try {
    port = await listen(server, host, config.http.port);
  } catch (error) {
    await store.close();
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
      await bot.stop();
      await close(server);
      await lastUsed.flush().catch((err) => log.warn({ err }, 'the last uses are lost'));
      await store.close();
    },
  };

  function every(ms: number, complaint: string, work: () => Promise<void>) {
    return setInterval(() => {
      work().catch((err) => log.warn({ err }, complaint));
    }, ms);
  }
}
