import { randomBytes } from 'node:crypto';
import process from 'node:process';
import type { Config } from '../config.ts';
import { createRest } from '../discord/rest.ts';
import type { Log } from '../log.ts';
import { createMetrics, silentMeter } from '../metrics.ts';
import { openStore } from '../store/sqlite/file/open.ts';
import { createVerbs } from './core.ts';
import { startWeb } from './http.ts';
import { createLoginCalls } from './login-call.ts';
import { answer, type News, type Told } from './workers.ts';

const FLUSH_EVERY_MS = 30_000;

/**
 * One of the processes that answer HTTP: no bot, no chores, but for its own last uses. Ends with the
 * process that started it.
 */
export async function startWorker(config: Config, log: Log): Promise<{ stop(): Promise<void> }> {
  let news: News = { gatewayTrouble: 'not connected to Discord', serverId: null };
  const metrics = config.metricsPort === undefined ? undefined : createMetrics({});
  const opened = openStore(config.databaseFile, {
    checkedBelowBytes: 0,
    onDamage: () => answer({ met: 'damage' }),
    onRecorded: metrics?.recorded,
  });
  const store = metrics?.measure(opened) ?? opened;
  const clock = Date.now;
  const rest = createRest(config.discord.apiUrl, config.discord.token);
  const serverId = () => config.communityServerId ?? news.serverId;
  const verbs = createVerbs({ config, store, rest, clock, random: randomBytes, log, serverId });

  const loginCalls = createLoginCalls((call) => answer(call));
  const logins = verbs.logins && { ...verbs.logins, logIn: loginCalls.logIn };

  process.on('message', (told: Told) => {
    if ('news' in told) ({ news } = told);
    else if ('call' in told) loginCalls.take(told);
    else void metrics?.samples().then((samples) => answer({ id: told.id, metrics: samples }));
  });

  const flush = () =>
    verbs.lastUsed.flush().catch((err) => log.warn({ err }, 'last uses could not be written'));
  const flushing = setInterval(() => void flush(), FLUSH_EVERY_MS);

  const gateway = () => news.gatewayTrouble;
  const meter = metrics ?? silentMeter;
  const web = await startWeb({
    config,
    verbs: { ...verbs, logins },
    store,
    clock,
    log,
    meter,
    gateway,
  });
  answer({ listensOn: web.port });

  return {
    async stop() {
      clearInterval(flushing);
      await web.stop();
      await flush();
      await store.close();
    },
  };
}
