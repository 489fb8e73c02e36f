import {
  type Exchange,
  type LocalDiscord,
  type LocalMember,
  type LocalMessage,
  type LocalServer,
  startLocalDiscord,
} from 'local-discord';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startApp } from '../../src/app/app.ts';
import { readConfig } from '../../src/config.ts';
import { createLog } from '../../src/log.ts';
import { stopClocks } from './still-clock.ts';

export const SECOND = 1_000;
export const DAY = 86_400 * SECOND;

const MANAGE_SERVER = 1n << 5n;
const EVERYONE = (1n << 10n) | (1n << 11n) | (1n << 16n) | (1n << 31n);
const ADMINISTRATOR = 1n << 3n;
const WITHIN_MS = 20_000;

/** The real program in a local Discord, with people in it, on a clock that stands still. */
export interface World extends AsyncDisposable {
  readonly discord: LocalDiscord;
  readonly server: LocalServer;
  readonly general: string;
  readonly staff: string;
  readonly ada: LocalMember;
  readonly bob: LocalMember;
  /** One of the staff. */
  readonly sue: LocalMember;
  readonly apiUrl: string;
  now(): number;
  later(ms: number): void;
  /** Puts the clock forward, a little each time, until there is one: the program's jobs then run. */
  until<T>(what: string, find: () => T | undefined): Promise<T>;
}

export async function openWorld(): Promise<World> {
  await using parts = new AsyncDisposableStack();
  const clock = stopClocks();
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-scenes-'));
  parts.defer(() => rm(folder, { recursive: true, force: true }));
  const discord = parts.use(await startLocalDiscord());
  const server = discord.addServer({ name: 'Lighthouse', botPermissions: ADMINISTRATOR });
  const staff = server.addChannel('staff').id;
  const ada = discord.addMember({ username: 'ada', server });
  const bob = discord.addMember({ username: 'bob', server });
  const sue = discord.addMember({ username: 'sue', server, permissions: EVERYONE | MANAGE_SERVER });

  const config = readConfig({
    DISCORD_TOKEN: discord.botToken,
    DISCORD_API_URL: discord.apiUrl,
    DATABASE_URL: `file:${join(folder, 'latchkey.db')}`,
    HTTP_PORT: '0',
    STAFF_CHANNEL_ID: staff,
    API_URL: 'https://api.lighthouse.example/lamps',
    APPEAL_URL: 'https://lighthouse.example/appeal',
    MAX_API_TOKENS: '20',
  });
  const log = createLog({ level: 'silent', secrets: config.secrets, write: () => {} });
  const app = await startApp(config, log, { random: seeded() });
  parts.defer(() => app.stop());
  await discord.waitForBot(WITHIN_MS);

  const later = (ms: number): void => clock.advance(ms);
  async function until<T>(what: string, find: () => T | undefined): Promise<T> {
    for (let waited = 0; waited < WITHIN_MS; waited += 50) {
      const found = find();
      if (found !== undefined) return found;
      await delay(50);
      // Each job is due again, and nothing that is read says how late it is.
      if (waited % SECOND === 0) later(SECOND);
    }
    throw new Error(`this did not happen: ${what}`);
  }
  await until('the commands of staff', () => discord.guildCommands(server.id)[0]);

  const open = parts.move();
  return {
    discord,
    server,
    general: server.channelId,
    staff,
    ada,
    bob,
    sue,
    apiUrl: `http://127.0.0.1:${app.port}`,
    now: () => clock.now(),
    later,
    until,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** The same bytes in each run: of each length the same row, whoever else asks meanwhile. */
function seeded(): (length: number) => Buffer {
  const calls = new Map<number, number>();
  return (outputLength) => {
    const call = (calls.get(outputLength) ?? 0) + 1;
    calls.set(outputLength, call);
    return createHash('shake256', { outputLength }).update(`${outputLength} ${call}`).digest();
  };
}

/** What the member sees as the answer. */
export function replyOf({ reply, followups }: Exchange): LocalMessage {
  const message = followups.at(-1) ?? reply;
  if (message === undefined) throw new Error('nothing was answered');
  return message;
}

export const tokenIn = ({ text }: LocalMessage): string =>
  /lk_api_[0-9A-Za-z]{49}/.exec(text)?.[0] ?? '';
