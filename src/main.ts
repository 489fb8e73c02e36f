import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import pretty from 'pino-pretty';
import { startApp } from './app.ts';
import { ConfigError, readConfig } from './config.ts';
import { ListenError } from './http/server.ts';
import { createLog } from './log.ts';
import { StoreError } from './store/open.ts';

const STOP_WITHIN_MS = 9_000;

const NO_TOKEN = `Latchkey needs the token of a Discord bot, in DISCORD_TOKEN.
1. Open https://discord.com/developers/applications and press New Application.
2. On its Bot page press Reset Token and copy what appears.
3. Put it into a file named .env here, as DISCORD_TOKEN=..., and run npm start again.
To see Latchkey at work without an account: npm run demo
`;

async function main(): Promise<void> {
  if (!process.env['DISCORD_TOKEN']?.trim()) return fail(NO_TOKEN);
  const config = readConfig(process.env);

  const readable = process.stdout.isTTY
    ? pretty.prettyFactory({ translateTime: 'SYS:HH:MM:ss' })
    : undefined;
  const log = createLog({
    level: config.logLevel,
    secrets: config.secrets,
    write: (line) => process.stdout.write(readable ? readable(line) : line),
  });
  process.on('unhandledRejection', (err) => log.error({ err }, 'unhandled rejection'));

  const starting = startApp(config, log);

  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    // npm passes on what the terminal sends us as well: the second of a kind must not kill us.
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      log.info(`${signal}: stopping`);
      void Promise.race([starting.then((app) => app.stop()), delay(STOP_WITHIN_MS)])
        .catch((err: unknown) => log.error({ err }, 'shutdown failed'))
        .finally(() => process.exit(0));
    });
  }
  await starting;
}

function fail(message: string): void {
  process.stderr.write(message);
  process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  const known =
    error instanceof ConfigError || error instanceof StoreError || error instanceof ListenError;
  fail(`${known ? error.message : String(error instanceof Error ? error.stack : error)}\n`);
}
