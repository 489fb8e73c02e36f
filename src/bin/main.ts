import cluster from 'node:cluster';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import type { App } from '../app/app.ts';
import { exposedEnvFiles } from '../app/env-files.ts';
import { importStore } from '../app/import-store.ts';
import { ConfigError, readConfig } from '../config.ts';
import { createLog } from '../log.ts';

await importStore(process.env['DATABASE_URL']?.trim().startsWith('postgres') ?? false);
const { EXIT_UNUSABLE, StoreError, UnusableDatabase } = await import('../store/store-error.ts');
const { ListenError } = await import('../http/server/server.ts');
const { sendToPrimary: answer, WorkerError } = await import('../app/workers.ts');

const STOP_WITHIN_MS = 9_000;

const NO_TOKEN = `Latchkey needs the token of a Discord bot, in DISCORD_TOKEN.
1. Open https://discord.com/developers/applications and press New Application.
2. On its Bot page press Reset Token and copy what appears.
3. Put it into a file named .env here, as DISCORD_TOKEN=..., and run npm start again.
To see Latchkey at work without an account: npm run demo
`;

async function main(): Promise<void> {
  const isBot = process.env['ROLE']?.trim() !== 'http';
  if (isBot && !process.env['DISCORD_TOKEN']?.trim()) return fail(NO_TOKEN);
  const config = readConfig(process.env);

  const readable = process.stdout.isTTY ? await prettify() : undefined;
  const log = createLog({
    level: config.logLevel,
    secrets: config.secrets,
    write: (line) => process.stdout.write(readable ? readable(line) : line),
  });
  // What cannot be written, on a full disk or to a reader that is gone, is lost; nothing else is.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  process.on('unhandledRejection', (err) => log.error({ err }, 'unhandled rejection'));

  for (const file of cluster.isWorker ? [] : exposedEnvFiles(process.execArgv)) {
    log.warn({ file }, 'others on this machine may read a file with secrets: chmod 600 it');
  }

  const starting: Promise<Pick<App, 'stop'> & Partial<App>> = cluster.isWorker
    ? import('../app/worker.ts').then(({ startWorker }) => startWorker(config, log))
    : import('../app/app.ts').then(({ startApp }) => startApp(config, log));

  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    // npm passes on what the terminal sends us as well: the second of a kind must not kill us.
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      if (!cluster.isWorker) log.info(`${signal}: stopping`);
      void Promise.race([starting.then((app) => app.stop()), delay(STOP_WITHIN_MS)])
        .catch((err: unknown) => log.error({ err }, 'shutdown failed'))
        // With the code of what made it end already, if something did.
        .finally(() => process.exit());
    });
  }
  if (cluster.worker !== undefined) {
    // Without the process that started it a worker has nothing to do; Node would end it at once, with
    // what it has not written yet, unless it seems to have been asked to disconnect.
    cluster.worker.exitedAfterDisconnect = true;
    process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  }
  const app = await starting;
  void app.failure?.then(async ({ message }) => {
    fail(`${message}\n`, EXIT_UNUSABLE);
    await Promise.race([app.stop(), delay(STOP_WITHIN_MS)]);
    process.exit();
  });
}

async function prettify() {
  const { prettyFactory } = await import('pino-pretty');
  return prettyFactory({ translateTime: 'SYS:HH:MM:ss' });
}

function fail(message: string, code = 1): void {
  process.exitCode = code;
  if (cluster.isWorker) answer({ failed: message.trimEnd() }, () => process.exit());
  else process.stderr.write(message);
}

try {
  await main();
} catch (error) {
  const kinds = [ConfigError, StoreError, ListenError, WorkerError];
  const known = kinds.find((kind) => error instanceof kind) !== undefined;
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  fail(`${known ? message : stack}\n`, error instanceof UnusableDatabase ? EXIT_UNUSABLE : 1);
}
