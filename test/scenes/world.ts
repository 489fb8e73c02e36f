import {
  type LocalDiscord,
  type LocalMember,
  type LocalServer,
  startLocalDiscord,
} from 'local-discord';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startApp } from '../../src/app/app.ts';
import { readConfig } from '../../src/config.ts';
import { createLog } from '../../src/log.ts';
import { HOUSE_RULES } from '../support/house-rules.ts';
import { stopClocks } from './still-clock.ts';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Where an app is sent back to. */
export const APP_LOGIN = 'http://127.0.0.1:4000/back';

const MANAGE_SERVER = 1n << 5n;
const EVERYONE = (1n << 10n) | (1n << 11n) | (1n << 16n) | (1n << 31n);
const ADMINISTRATOR = 1n << 3n;
const WITHIN_MS = 20_000;
const POLL_MS = 50;

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
  readonly now: () => number;
  readonly later: (ms: number) => void;
  /** Puts the clock forward to so long after the start. */
  readonly at: (ms: number) => void;
  /** Waits until there is one, while the clock stands. */
  readonly soon: <T>(what: string, find: () => T | undefined) => Promise<T>;
  /** The same, with the clock put forward a little each time: the program's jobs then run. */
  readonly until: <T>(what: string, find: () => T | undefined) => Promise<T>;
}

/** @param policy what `POLICY_FILE` says; there is none if absent */
export async function openWorld(policy?: object): Promise<World> {
  await using parts = new AsyncDisposableStack();
  const clock = stopClocks();
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-scenes-'));
  parts.defer(() => rm(folder, { recursive: true, force: true }));
  const discord = parts.use(await startLocalDiscord({ houseRules: HOUSE_RULES }));
  discord.redirectUris.push(APP_LOGIN);
  const server = discord.addServer({ name: 'Lighthouse', botPermissions: ADMINISTRATOR });
  const staff = server.addChannel('staff').id;
  const ada = discord.addMember({ username: 'ada', server });
  const bob = discord.addMember({ username: 'bob', server });
  const sue = discord.addMember({ username: 'sue', server, permissions: EVERYONE | MANAGE_SERVER });

  // An account that is younger is news to the staff.
  clock.advance(7 * DAY);
  const startedAt = clock.now();
  const config = readConfig({
    DISCORD_TOKEN: discord.botToken,
    DISCORD_API_URL: discord.apiUrl,
    DISCORD_CLIENT_SECRET: discord.clientSecret,
    APP_LOGIN_REDIRECT_URIS: APP_LOGIN,
    DATABASE_URL: `file:${join(folder, 'latchkey.db')}`,
    HTTP_PORT: '0',
    STAFF_CHANNEL_ID: staff,
    API_URL: 'https://api.lighthouse.example/lamps',
    APPEAL_URL: 'https://lighthouse.example/appeal',
    MAX_API_TOKENS: '20',
    ...(policy === undefined ? {} : { POLICY_FILE: await writePolicy(folder, policy) }),
  });
  const log = createLog({ level: 'silent', secrets: config.secrets, write: () => {} });
  const app = await startApp(config, log, { random: seeded() });
  parts.defer(() => app.stop());
  await discord.waitForBot(WITHIN_MS);

  const later = (ms: number): void => clock.advance(ms);
  function at(ms: number): void {
    const left = startedAt + ms - clock.now();
    if (left < 0) throw new Error(`it is ${-left} ms later already`);
    later(left);
  }
  async function waitFor<T>(what: string, find: () => T | undefined, step: number): Promise<T> {
    for (let waited = 0; waited < WITHIN_MS; waited += POLL_MS) {
      const found = find();
      if (found !== undefined) return found;
      await delay(POLL_MS);
      if (waited % SECOND === 0) later(step);
    }
    throw new Error(`this did not happen: ${what}`);
  }
  const soon: World['soon'] = (what, find) => waitFor(what, find, 0);
  const until: World['until'] = (what, find) => waitFor(what, find, SECOND);
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
    now: clock.now,
    later,
    at,
    soon,
    until,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

async function writePolicy(folder: string, policy: object): Promise<string> {
  const file = join(folder, 'policy.json');
  await writeFile(file, JSON.stringify(policy));
  return file;
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
