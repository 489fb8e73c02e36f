import { startLocalDiscord } from 'local-discord';
import { describe, expect, test } from 'vitest';
import { startProduct } from '../support/product.ts';
import { health, setUp } from '../support/end-to-end.ts';
import { check, newToken } from '../support/tokens.ts';

describe('without Discord', () => {
  test.each([
    { what: 'it can be resumed', options: { resumable: true } },
    { what: 'the session is gone', options: { resumable: false } },
  ])('for a moment, the bot comes back: $what', async ({ options }) => {
    await using stage = await setUp();
    const { discord, product, member } = stage;
    const ada = member('ada');
    const before = discord.gatewayEvents.length;
    discord.dropGateway(options);
    const came = () => discord.gatewayEvents.slice(before).map(({ kind }) => kind);
    await expect
      .poll(came, { timeout: 10_000 })
      .toContain(options.resumable ? 'resume' : 'identify');
    await expect.poll(() => health(product.url), { timeout: 10_000 }).toEqual([200, undefined]);
    await newToken(ada);
  });

  test('checks go on', async () => {
    await using stage = await setUp();
    const { discord, product, member } = stage;
    const token = await newToken(member('ada'));
    await discord.stop();
    await expect.poll(() => health(product.url)).toEqual([503, 'not connected to Discord']);
    expect((await check(product, token)).status).toBe(200);
    expect((await fetch(`${product.url}/health/live`)).status).toBe(200);
  });

  test('at the start, it is tried again until it is there', async () => {
    await using stage = await setUp();
    const { discord, product, member } = stage;
    const token = await newToken(member('ada'));
    await product.stop();
    discord.fail({ path: /gateway/, status: 503, times: 4 });
    await product.start();
    expect((await check(product, token)).status).toBe(200);
    await expect.poll(() => product.output.join('\n')).toContain('Discord cannot be reached');
    await expect.poll(() => health(product.url), { timeout: 10_000 }).toEqual([200, undefined]);
  });

  test('because the token is wrong: one line says so, and checks go on', async () => {
    await using discord = await startLocalDiscord();
    const { apiUrl } = discord;
    await using product = await startProduct({ apiUrl, botToken: 'MTIz.wrong.token' });
    await expect
      .poll(() => health(product.url))
      .toEqual([503, expect.stringContaining('does not accept DISCORD_TOKEN')]);
    const alarms = product.output.filter(
      (line) => /"level":(40|50|60)/.test(line) && !line.includes('fsync=off'),
    );
    expect(alarms).toHaveLength(1);
    expect(alarms[0]).toContain('does not accept DISCORD_TOKEN');
    expect(product.output.join()).not.toContain('MTIz.wrong.token');
    expect(discord.requests.filter(({ path }) => path.includes('gateway'))).toHaveLength(1);
    expect((await check(product, 'lk_api_x')).status).toBe(401);
  });
});
