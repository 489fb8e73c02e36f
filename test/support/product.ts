import type { LocalDiscord } from 'local-discord';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createProductDatabase, type ProductDatabase } from './product-database.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** On a machine that does much else it takes a while. */
const WITHIN_MS = 60_000;
const LAST_LINES = 50;

/** None outlives the tests, however those end. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** The product as an operator runs it: a process of its own, with a real file and real sockets. */
export interface Product extends AsyncDisposable {
  /** Where its HTTP API answers, if it does, without a slash at the end. */
  readonly url: string;
  /** Where it is, unless it is on a server. */
  readonly databaseFile: string;
  readonly database: ProductDatabase;
  readonly pid: number;
  /** Everything it wrote, on both streams. */
  readonly output: readonly string[];
  /** Stops it with the signal; resolves with the exit code, null if the signal ended it. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  /** Starts it again, on the same database; with these variables besides. */
  start(more?: Readonly<Record<string, string>>): Promise<void>;
}

/** Starts the product against the local Discord and waits until HTTP is up. */
export async function startProduct(
  discord: Pick<LocalDiscord, 'apiUrl' | 'botToken'>,
  environment: Readonly<Record<string, string>> = {},
): Promise<Product> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-'));
  const databaseFile = join(folder, 'latchkey.db');
  const database = await createProductDatabase(databaseFile);
  const { apiUrl, botToken } = discord;
  const output: string[] = [];
  let child: ChildProcess;
  let exited: Promise<number | null>;
  let url = '';

  async function start(more: Readonly<Record<string, string>> = {}): Promise<void> {
    child = spawn(process.execPath, ['src/bin/start.js'], {
      cwd: ROOT,
      env: {
        PATH: process.env['PATH'],
        DISCORD_API_URL: apiUrl,
        DISCORD_TOKEN: botToken,
        DATABASE_URL: database.url,
        HTTP_PORT: '0',
        ...environment,
        ...more,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const started = child;
    running.add(started);
    exited = once(started, 'exit').then(([code]: (number | null)[]) => {
      running.delete(started);
      return code ?? null;
    });
    url = await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(failed())), WITHIN_MS);
      void exited.then(() => reject(new Error(failed())));
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream! }).on('line', (line) => {
          output.push(line);
          const port = /HTTP listens on 127\.0\.0\.1, port (\d+)/.exec(line)?.[1];
          // With ROLE=bot nothing listens.
          if (port === undefined && !line.includes('the bot starts')) return;
          clearTimeout(timer);
          resolve(`http://127.0.0.1:${port}`);
        });
      }
    });
  }

  function failed(): string {
    return `the product did not start:\n${output.slice(-LAST_LINES).join('\n')}`;
  }

  async function stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    child.kill(signal);
    return exited;
  }

  try {
    await start();
  } catch (error) {
    await stop('SIGKILL');
    await database[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    get url() {
      return url;
    },
    get pid() {
      return child.pid ?? 0;
    },
    databaseFile,
    database,
    output,
    start,
    stop,
    async [Symbol.asyncDispose]() {
      await stop('SIGKILL');
      await database[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
