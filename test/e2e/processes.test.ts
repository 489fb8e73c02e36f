import { PermissionFlagsBits } from 'discord.js';
import { startLocalDiscord } from 'local-discord';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { health } from '../support/end-to-end.ts';
import { HOUSE_RULES } from '../support/house-rules.ts';
import { type Product, startProduct } from '../support/product.ts';
import { check, newToken } from '../support/tokens.ts';

/** A local Discord, and processes of the product on one database, each with its role. */
async function setUp() {
  await using parts = new AsyncDisposableStack();
  const discord = await startLocalDiscord({ houseRules: HOUSE_RULES });
  parts.defer(async () => {
    await discord.stop();
    expect(discord.violations).toEqual([]);
  });
  const server = discord.addServer({ botPermissions: PermissionFlagsBits.Administrator });
  let first: Product | undefined;
  const running = parts.move();
  return {
    discord,
    server,
    member: (username: string) => discord.addMember({ username, server }),
    start: async (role: Record<string, string>): Promise<Product> => {
      const shared = first === undefined ? {} : { DATABASE_URL: first.database.url };
      const environment = { STAFF_CHANNEL_ID: server.channelId, ...shared, ...role };
      const product = running.use(await startProduct(discord, environment));
      first ??= product;
      return product;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

const HTTP = { ROLE: 'http' };
const BOT = { ROLE: 'bot' };

test('HTTP and the bot in processes of their own are one to who uses them', async () => {
  await using stage = await setUp();
  const { discord, start, member } = stage;
  const http = await start(HTTP);
  await start(BOT);
  await discord.waitForBot(30_000);
  await expect.poll(() => health(http.url)).toEqual([200, undefined]);
  const ada = member('ada');
  const token = await newToken(ada);
  expect(await check(http, token)).toMatchObject({ status: 200, body: { user_id: ada.id } });
  await ada.slash('session revoke-all').then(({ reply }) => ada.press(reply!, 'Revoke everything'));
  expect((await check(http, token)).status).toBe(401);
});

test('a process with HTTP alone never connects to Discord, and says who is missing', async () => {
  await using stage = await setUp();
  const { discord, start } = stage;
  const http = await start({ ...HTTP, DISCORD_TOKEN: '', REVOKE_ON_LEAVE: 'off' });
  expect(await health(http.url)).toEqual([503, 'no process with the bot is heard of']);
  await delay(2_000);
  expect(discord.requests).toEqual([]);
});

test('a ban that the bot hears of holds in all processes with HTTP', async () => {
  await using stage = await setUp();
  const { discord, server, start, member } = stage;
  const http = await start({ ...HTTP, HTTP_WORKERS: '2' });
  await start(BOT);
  await discord.waitForBot(30_000);
  await expect.poll(() => health(http.url)).toEqual([200, undefined]);
  const ada = member('ada');
  const token = await newToken(ada);
  server.ban(ada);
  await expect.poll(async () => (await check(http, token)).status).toBe(403);
});

test('of two bots one follows the server, and the other goes on when that ends', async () => {
  await using stage = await setUp();
  const { discord, server, start, member } = stage;
  const http = await start(HTTP);
  const first = await start(BOT);
  const second = await start(BOT);
  await discord.waitForBot(30_000);
  await expect.poll(() => health(http.url)).toEqual([200, undefined]);
  const [ada, ben] = [member('ada'), member('ben')];
  const tokens = [await newToken(ada), await newToken(ben)];
  const statuses = () =>
    Promise.all(tokens.map(async (token) => (await check(http, token)).status));
  expect(await statuses()).toEqual([200, 200]);
  server.ban(ada);
  await expect.poll(statuses).toEqual([403, 200]);

  const endedAt = performance.now();
  await first.stop('SIGKILL');
  server.ban(ben);
  await expect.poll(statuses, { timeout: 30_000 }).toEqual([403, 403]);
  expect(performance.now() - endedAt).toBeLessThan(30_000);
  // Each is told once, whoever told it.
  const news = async () => {
    const rows = await http.database.query(
      "select user_id from audit_events where action = 'account.banned' order by id",
    );
    return rows.map((row) => row['user_id']);
  };
  expect(await news()).toEqual([ada.id, ben.id]);
  expect(second.output.filter((line) => /"level":[56]0/.test(line))).toEqual([]);
});
