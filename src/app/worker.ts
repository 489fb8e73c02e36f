import { randomBytes } from 'node:crypto';
import process from 'node:process';
import type { Config } from '../config.ts';
import { createRest } from '../discord/rest.ts';
import type { Log } from '../log.ts';
import { createMetrics, silentMeter } from '../metrics.ts';
import { useDatabase } from '../store/database.ts';
import type { BotState } from './bot-state.ts';
import { createCore } from './core.ts';
import { startHttp } from './http.ts';
import { createLoginCalls } from './login-call.ts';
import { sendToPrimary, type ToWorker } from './workers.ts';

const FLUSH_EVERY_MS = 30_000;

/**
 * One of the processes that answer HTTP: no bot, no jobs, but for its own last uses. Ends with the
 * process that started it.
 */
export async function startWorker(config: Config, log: Log): Promise<{ stop(): Promise<void> }> {
  let bot: BotState = { gatewayTrouble: 'not connected to Discord', serverId: null };
  const metrics = config.metricsPort === undefined ? undefined : createMetrics();
  const clock = Date.now;
  const opened = await useDatabase(config, {
    log,
    clock,
    monotonicNow: () => performance.now(),
    random: Math.random,
    onDamage: () => sendToPrimary({ met: 'damage' }),
    onRecorded: metrics?.recorded,
  });
  const store = metrics?.measure(opened) ?? opened;
  const rest = createRest(config.discord.apiUrl, config.discord.token);
  const serverId = () => config.communityServerId ?? bot.serverId;
  const core = createCore({ config, store, rest, clock, random: randomBytes, log, serverId });

  const loginCalls = createLoginCalls((call) => sendToPrimary(call));
  const logins = core.logins && { ...core.logins, logIn: loginCalls.logIn };

  process.on('message', (message: ToWorker) => {
    if ('state' in message) bot = message.state;
    else if ('call' in message) loginCalls.take(message);
    else void metrics?.samples().then((samples) => sendToPrimary({ id: message.id, samples }));
  });

  const flush = () =>
    core.lastUsed.flush().catch((err) => log.warn({ err }, 'last uses could not be written'));
  const flushing = setInterval(() => void flush(), FLUSH_EVERY_MS);

  const gateway = () => bot.gatewayTrouble;
  const meter = metrics ?? silentMeter;
  const web = await startHttp({
    config,
    core: { ...core, logins },
    store,
    clock,
    log,
    meter,
    gateway,
  });
  sendToPrimary({ listensOn: web.port });

  return {
    async stop() {
      clearInterval(flushing);
      core.lastUsed.hurry();
      await web.stop();
      await core.lastUsed.end().catch((err) => log.warn({ err }, 'last-used times were lost'));
      await store.close();
    },
  };
}
