import { type Child, type ChildInit, startChild } from './child.ts';
import { type Loopback, startLoopback } from './loopback.ts';

/** A bot as a process of its own, connected to a Discord of its own. */
export interface Bot extends AsyncDisposable {
  readonly child: Child;
  readonly discord: Loopback;
  /** Resolves once Discord told it that it is ready, with how long that took from its start. */
  readonly ready: Promise<number>;
}

/** The whole product, as `npm start` runs it. */
export const startLatchkey = (
  database: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Bot> =>
  startBot({
    script: 'src/bin/start.js',
    flags: ['--max-semi-space-size=4'],
    env: {
      DATABASE_URL: `file:${database}`,
      HTTP_PORT: '0',
      MALLOC_ARENA_MAX: '1',
      ...env,
    },
  });

/** A discord.js client without intents; its handler is empty, or answers from a database as ours does. */
export const startBareClient = (database = ''): Promise<Bot> =>
  startBot({ script: 'test/bench/servers/discord-client.js', args: [database] });

async function startBot({ env, ...init }: ChildInit): Promise<Bot> {
  const discord = await startLoopback();
  const told = discord.ready();
  const where = { DISCORD_API_URL: `${discord.apiUrl}/api`, DISCORD_TOKEN: discord.token };
  const child = startChild({ ...init, env: { ...where, ...env } });
  return {
    child,
    discord,
    ready: told.then(() => performance.now() - child.startedAt),
    async [Symbol.asyncDispose]() {
      await child[Symbol.asyncDispose]();
      await discord[Symbol.asyncDispose]();
    },
  };
}
