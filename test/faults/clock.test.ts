import Database from 'better-sqlite3';
import { startLocalDiscord } from 'local-discord';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test, type TestContext } from 'vitest';
import { type App, startApp } from '../../src/app/app.ts';
import { readConfig } from '../../src/config.ts';
import { collectLog, DAY, HOUR, temporaryFolder } from '../support/fixtures.ts';
import { HOUSE_RULES } from '../support/house-rules.ts';
import { inFile } from '../support/product-database.ts';
import { check, idOf, newToken } from '../support/tokens.ts';
import { age, alter, told } from './owed.ts';

/** More than anything is kept for. */
const FAR = 500 * DAY;
/** The jobs look each second. */
const SOME_TURNS_MS = 3_500;

/** The product in this process, on a clock that can be set. */
async function setUp({ onTestFinished }: TestContext) {
  const folder = temporaryFolder();
  const discord = await startLocalDiscord({ houseRules: HOUSE_RULES });
  const databaseFile = join(folder.path, 'latchkey.db');
  const config = readConfig({
    DISCORD_TOKEN: discord.botToken,
    DISCORD_API_URL: discord.apiUrl,
    DATABASE_URL: `file:${databaseFile}`,
    HTTP_PORT: '0',
  });
  const { log, lines } = collectLog([], 'warn');
  let ahead = 0;
  let app: App;
  async function start(): Promise<void> {
    app = await startApp(config, log, { clock: () => Date.now() + ahead });
    await discord.waitForBot();
  }
  await start();
  onTestFinished(async () => {
    await app.stop();
    await discord.stop();
    folder.remove();
    expect(discord.violations).toEqual([]);
    expect(lines).toEqual([]);
  });
  return {
    discord,
    product: {
      get url() {
        return `http://127.0.0.1:${app.port}`;
      },
      databaseFile,
      database: inFile(databaseFile),
    },
    ada: discord.addMember({ username: 'ada', server: discord.addServer() }),
    start,
    stop: () => app.stop(),
    /** Sets the clock so far ahead of the true time. */
    set: (ms: number) => {
      ahead = ms;
    },
  };
}

type Played = Awaited<ReturnType<typeof setUp>>;

function read(databaseFile: string, sql: string): unknown {
  const database = new Database(databaseFile, { readonly: true });
  const value = database.prepare(sql).pluck().get();
  database.close();
  return value;
}

const rows = ({ product }: Played, table: string) =>
  read(product.databaseFile, `select count(*) from ${table}`);

const lastUse = ({ product }: Played, id: string) =>
  read(product.databaseFile, `select last_used_at from sessions where id = '${id}'`) as number;

const status = async ({ product }: Played, token: string) => (await check(product, token)).status;

const restart = async ({ stop, start }: Played) => {
  await stop();
  await start();
};

/** As if the clock had gone on like this for long: what waits for that does not wait any more. */
async function steady({ product }: Played, ahead: number): Promise<void> {
  const mark = JSON.stringify({ since: 0, last: Date.now() + ahead });
  await alter(product, `insert or replace into settings (name, value) values ('clock', '${mark}')`);
}

describe.concurrent('a clock that is set far ahead, and back', () => {
  test('refuses what has expired by it, and destroys nothing', async (context) => {
    const played = await setUp(context);
    const { ada, product, set } = played;
    const hour = await newToken(ada, 'hour', '1h');
    const month = await newToken(ada, 'month', '30d');
    const years = await newToken(ada, 'years', '4y');
    const revoked = await newToken(ada, 'revoked', '4y');
    await ada.slash('session revoke', { session: await idOf(product, revoked) });
    const kept = [rows(played, 'sessions'), Number(rows(played, 'audit_events'))];

    set(FAR);
    expect(await status(played, hour)).toBe(401);
    expect(await status(played, month)).toBe(401);
    expect(await status(played, years)).toBe(200);
    await delay(SOME_TURNS_MS);
    await restart(played);
    await delay(SOME_TURNS_MS);
    expect(await status(played, month)).toBe(401);
    expect(await status(played, years)).toBe(200);

    set(0);
    await delay(SOME_TURNS_MS);
    await restart(played);
    await delay(SOME_TURNS_MS);
    for (const token of [hour, month, years]) expect(await status(played, token)).toBe(200);
    expect(await status(played, revoked)).toBe(401);
    expect(rows(played, 'sessions')).toBe(kept[0]);
    expect(rows(played, 'audit_events')).toBeGreaterThanOrEqual(Number(kept[1]));
    expect(told(ada, 'expire')).toEqual([]);
  });

  test('never moves a last use back', async (context) => {
    const played = await setUp(context);
    const { ada, product, set } = played;
    const token = await newToken(ada, 'years', '4y');
    const id = await idOf(product, token);
    set(FAR);
    expect(await status(played, token)).toBe(200);
    await restart(played);
    const far = lastUse(played, id);
    expect(far).toBeGreaterThan(Date.now() + FAR - HOUR);
    set(0);
    expect(await status(played, token)).toBe(200);
    await restart(played);
    expect(lastUse(played, id)).toBe(far);
  });

  test('reminds nobody twice', async (context) => {
    const played = await setUp(context);
    const { ada, product, stop, start, set } = played;
    await newToken(ada, 'bot', '30d');
    await stop();
    await age(product, 25);
    await start();
    await expectOnce();
    for (const ahead of [0, FAR, 0, HOUR, -FAR, 0]) {
      set(ahead);
      await delay(SOME_TURNS_MS);
      await stop();
      await steady(played, ahead);
      await start();
      await delay(SOME_TURNS_MS);
    }
    expect(told(ada, 'expires <t:')).toHaveLength(1);
    expect(told(ada, 'expired')).toEqual([]);

    async function expectOnce(): Promise<void> {
      for (let wait = 0; wait < 100 && told(ada, 'expires <t:').length === 0; wait += 1) {
        await delay(100);
      }
      expect(told(ada, 'expires <t:')).toHaveLength(1);
    }
  });

  test('deletes no message with a token until the clock has gone on for a while', async (context) => {
    const played = await setUp(context);
    const { ada, product, stop, start, set } = played;
    const token = await newToken(ada, 'first', '4y');
    await delay(SOME_TURNS_MS);
    set(2 * HOUR);
    await delay(2 * SOME_TURNS_MS);
    expect(ada.dms).toHaveLength(1);
    await stop();
    await steady(played, 2 * HOUR);
    await start();
    for (let wait = 0; wait < 150 && ada.dms.length > 0; wait += 1) await delay(100);
    expect(ada.dms).toEqual([]);
    expect((await check(product, token)).status).toBe(200);
  });
});
