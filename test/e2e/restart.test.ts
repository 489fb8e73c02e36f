import type { LocalDiscord } from 'local-discord';
import { describe, expect, test } from 'vitest';
import { startProduct } from '../support/product.ts';
import { health, setUp } from '../support/end-to-end.ts';
import { check, idOf, newToken } from '../support/tokens.ts';

describe('a restart', () => {
  test('keeps the tokens and the buttons, and writes no commands anew', async () => {
    await using stage = await setUp();
    const { discord, product, member } = stage;
    const ada = member('ada');
    const tokens: string[] = [];
    for (let index = 0; index < 12; index += 1) tokens.push(await newToken(ada));
    const shown = await ada.slash('session list');
    const asked = await ada.slash('session revoke-all');

    expect(await product.stop()).toBe(0);
    await product.start();
    await expect.poll(() => health(product.url)).toEqual([200, undefined]);

    expect((await check(product, tokens[0]!)).status).toBe(200);
    expect((await ada.press(shown.reply!, 'Older')).text).toContain('11–12 shown');
    await ada.press(ada.dms[0]!, 'Saved, delete this message');
    // Beside the notice that the first one was used, which may have come.
    expect(ada.dms.filter(({ content }) => content.includes('_api_'))).toHaveLength(11);
    expect((await ada.press(asked.reply!, 'Revoke everything')).text).toContain('12 API tokens');
    expect((await check(product, tokens[0]!)).status).toBe(401);
    await expect.poll(() => product.output.join()).toContain('commands are up to date');
    expect(writes(discord)).toBe(1);
  });

  test('writes commands that Discord has otherwise', async () => {
    await using stage = await setUp();
    const { discord, product } = stage;
    await product.stop();
    await fetch(`${discord.apiUrl}/v10/applications/${discord.applicationId}/commands`, {
      method: 'PUT',
      headers: {
        Authorization: `Bot ${discord.botToken}`,
        'Content-Type': 'application/json',
      },
      body: JSON.stringify([{ name: 'old', type: 1, description: 'An old command' }]),
    });
    await product.start();
    await expect
      .poll(() => discord.commands.map(({ name }) => name))
      .toEqual(['session', 'token', 'Revoke leaked token']);
  });

  test('after kill -9 in the middle of a creation leaves nothing that nobody has', async () => {
    await using stage = await setUp();
    const { discord, product, member } = stage;
    const ada = member('ada');
    discord.fail({
      path: /channels\/\d+\/messages$/,
      status: 500,
      afterEffect: true,
      delayMs: 2000,
    });
    const sent = await ada.slash('token create', { name: 'x', expires: '1h' }, { until: 'sent' });
    sent.settled.catch(() => {});
    await expect.poll(() => ada.dmHistory.length).toBe(1);
    await product.stop('SIGKILL');
    await product.start();
    await expect.poll(() => health(product.url)).toEqual([200, undefined]);
    const delivered = /lk_api_\w+/.exec(ada.dms[0]!.content)?.[0] ?? '';
    expect((await check(product, delivered)).status).toBe(401);
    expect((await ada.slash('session list')).text).toContain('no tokens or logins');
  });
});

test('a machine that is off at night removes what ended long ago, before the evening', async () => {
  await using stage = await setUp();
  const { product, member } = stage;
  const ada = member('ada');
  const old = await idOf(product, await newToken(ada));
  const { query } = product.database;
  await product.stop();
  const [hour, now] = [3_600_000, Date.now()];
  await query(`update sessions set expires_at = ${now - 31 * 24 * hour}, created_at = 1`);
  const morning = JSON.stringify({ since: now - 7 * hour, last: now });
  await query(`delete from settings where name = 'clock'`);
  await query(`insert into settings (name, value) values ('clock', '${morning}')`);
  await product.start();
  await expect.poll(() => query(`select id from sessions where id = '${old}'`)).toEqual([]);
});

test('of two processes on one database, one answers', async () => {
  await using stage = await setUp();
  const { discord, product, member } = stage;
  await using second = await startProduct(discord, {
    DATABASE_URL: product.database.url,
  });
  await expect.poll(() => health(second.url)).toEqual([200, undefined]);
  const ada = member('ada');
  const token = await newToken(ada);
  expect(ada.dmHistory).toHaveLength(1);
  for (const { url } of [product, second]) expect((await check({ url }, token)).status).toBe(200);
  const asked = await ada.slash('session revoke-all');
  await ada.press(asked.reply!, 'Revoke everything');
  for (const { url } of [product, second]) expect((await check({ url }, token)).status).toBe(401);
});

function writes(discord: LocalDiscord): number {
  return discord.requests.filter(
    ({ method, path }) => method === 'PUT' && path.endsWith('/commands'),
  ).length;
}
