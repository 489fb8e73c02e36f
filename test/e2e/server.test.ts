import { PermissionFlagsBits } from 'discord.js';
import { type LocalDiscord, type LocalServer } from 'local-discord';
import { afterAll, describe, expect, test } from 'vitest';
import { isOnServer } from '../support/product-database.ts';
import { setUpStaffChannel, statusOf } from '../support/end-to-end.ts';
import { health } from '../support/end-to-end.ts';
import { newToken } from '../support/tokens.ts';

const { ManageGuild } = PermissionFlagsBits;

function feedOf(discord: LocalDiscord, server: LocalServer): string[] {
  return discord.requests
    .filter(
      ({ path, method, status }) =>
        method === 'POST' && path === `/channels/${server.channelId}/messages` && status === 200,
    )
    .map(({ body }) => String((body as { content?: string }).content));
}

const room = await setUpStaffChannel();
const { discord, server, product } = room;

const readsOfBans = () =>
  discord.requests.filter(({ path }) => path.startsWith(`/guilds/${server.id}/bans`));

afterAll(() => room[Symbol.asyncDispose]());

describe('a ban in the server', () => {
  test('is a ban here, until the server or staff lift it', async () => {
    const ada = discord.addMember({ username: 'ada', server });
    const token = await newToken(ada);
    server.ban(ada);
    await expect.poll(statusOf(room, token)).toBe(403);
    server.unban(ada);
    await expect.poll(statusOf(room, token)).toBe(200);
  });

  test('that staff hold as well stays when the server lifts its own', async () => {
    const ada = discord.addMember({ username: 'ada', server });
    const sue = discord.addMember({ username: 'sue', server, permissions: ManageGuild });
    const token = await newToken(ada);
    const asked = await sue.slash('admin ban', { user: ada.id });
    await sue.press(asked.reply!, 'Ban');
    server.ban(ada);
    server.unban(ada);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await statusOf(room, token)()).toBe(403);
    await sue.slash('admin unban', { user: ada.id });
    expect(await statusOf(room, token)()).toBe(200);
  });

  test('that came or went while we were down is found at the start', async () => {
    const [ada, bob] = [
      discord.addMember({ username: 'ada', server }),
      discord.addMember({ username: 'bob', server }),
    ];
    const tokens = [await newToken(ada), await newToken(bob)] as const;
    server.ban(ada);
    await expect.poll(statusOf(room, tokens[0])).toBe(403);
    await product.stop();
    server.unban(ada);
    server.ban(bob);
    await product.start();
    await expect.poll(statusOf(room, tokens[0])).toBe(200);
    await expect.poll(statusOf(room, tokens[1])).toBe(403);
  });

  test('that came or went while the connection was lost is found when it is back', async () => {
    const [ada, bob] = [
      discord.addMember({ username: 'ada', server }),
      discord.addMember({ username: 'bob', server }),
    ];
    const tokens = [await newToken(ada), await newToken(bob)] as const;
    server.ban(ada);
    await expect.poll(statusOf(room, tokens[0])).toBe(403);
    discord.dropGateway({ resumable: false });
    server.unban(ada);
    server.ban(bob);
    await expect.poll(statusOf(room, tokens[0])).toBe(200);
    await expect.poll(statusOf(room, tokens[1])).toBe(403);
  });

  test('that staff lifted here stays lifted, until the server bans again', async () => {
    const ada = discord.addMember({ username: 'ada', server });
    const sue = discord.addMember({ username: 'sue', server, permissions: ManageGuild });
    const token = await newToken(ada);
    server.ban(ada);
    await expect.poll(statusOf(room, token)).toBe(403);
    await sue.slash('admin unban', { user: ada.id });
    expect(await statusOf(room, token)()).toBe(200);
    await product.stop();
    const before = readsOfBans().length;
    await product.start();
    await expect.poll(readsOfBans).not.toHaveLength(before);
    expect(await statusOf(room, token)()).toBe(200);
    server.unban(ada);
    server.ban(ada);
    await expect.poll(statusOf(room, token)).toBe(403);
  });

  test('that came while we were down is found at login', async () => {
    const web = 'https://lamps.example/callback';
    discord.redirectUris.push(web);
    const catchUps = () =>
      discord.requests.filter(({ path }) => path.startsWith(`/guilds/${server.id}/bans`)).length;
    const before = catchUps();
    await product.stop();
    await product.start({ DISCORD_CLIENT_SECRET: discord.clientSecret, LOGIN_REDIRECT_URIS: web });
    await expect.poll(() => health(product.url)).toEqual([200, undefined]);
    await expect.poll(catchUps).toBeGreaterThan(before);
    const ada = discord.addMember({ username: 'ada', server });
    discord.dropGateway({ resumable: true });
    server.ban(ada);
    const { code } = ada.authorize({ redirectUri: web });
    const answer = await fetch(`${product.url}/oauth2`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ code, redirect_uri: web }),
    });
    expect(answer.status).toBe(403);
  });
});

describe('the staff feed', () => {
  test('has a post once, though Discord answered 500 after it took it', async () => {
    const path = new RegExp(`channels/${server.channelId}/messages$`);
    discord.fail({ method: 'POST', path, status: 500, afterEffect: true, times: 3 });
    const { ada } = await banSomebody();
    await expect
      .poll(() => feedOf(discord, server).join('\n'), { timeout: 18_000 })
      .toContain(`banned <@${ada.id}>`);
    expect(discord.violations).toEqual([]);
  });

  test('has a post after kill -9 between the act and the post, once', async () => {
    const path = new RegExp(`channels/${server.channelId}/messages$`);
    discord.fail({ method: 'POST', path, delayMs: 5_000, afterEffect: true, times: 1 });
    const { ada } = await banSomebody();
    await product.stop('SIGKILL');
    // As if a minute had passed: the nonce is forgotten, and the message may be there or not.
    await product.database.query(
      'update outbox set due_at = 0, tried_at = tried_at - 120000; delete from leases',
    );
    await product.start();
    const posts = () =>
      discord.requests.filter(
        ({ body, method }) =>
          method === 'POST' && JSON.stringify(body ?? '').includes(`banned <@${ada.id}>`),
      );
    await expect.poll(() => posts().length, { timeout: 15_000 }).toBeGreaterThan(0);
  });

  test('does not make an act fail when its channel is gone', async () => {
    const ada = discord.addMember({ username: 'ada', server });
    const sue = discord.addMember({ username: 'sue', server, permissions: ManageGuild });
    const token = await newToken(ada);
    const asked = await sue.slash('admin ban', { user: ada.id });
    const path = new RegExp(`channels/${server.channelId}/messages$`);
    discord.fail({ method: 'POST', path, status: 404, code: 10003, times: 20 });
    await sue.press(asked.reply!, 'Ban');
    expect(await statusOf(room, token)()).toBe(403);
    await expect.poll(() => product.output.join('\n')).toContain('could not be posted');
    discord.heal();
  });

  test('folds a burst into one message', async () => {
    const path = new RegExp(`channels/${server.channelId}/messages$`);
    discord.fail({ method: 'POST', path, delayMs: 1_500, times: 1 });
    const fresh = Array.from({ length: 6 }, (_, index) =>
      discord.addMember({ username: `new${index}`, server }),
    );
    for (const each of fresh) await newToken(each);
    const about = () =>
      feedOf(discord, server).filter((post) => fresh.some(({ id }) => post.includes(id)));
    await expect
      .poll(() => fresh.filter(({ id }) => about().join('\n').includes(id)), { timeout: 10_000 })
      .toHaveLength(6);
    expect(about().length).toBeLessThan(4);
  });
});

describe("a member's own data", () => {
  test('comes as a file in a direct message', async () => {
    const ada = discord.addMember({ username: 'ada', server });
    const token = await newToken(ada, 'deploy');
    const answer = await ada.slash('session export');
    expect(answer.text).toContain('direct messages');
    const [file] = ada.dms.at(-1)!.attachments;
    const data = JSON.parse(file!.text) as { sessions: object[]; audit: object[] };
    expect(data.sessions).toMatchObject([{ name: 'deploy', type: 'api', hint: token.slice(-4) }]);
    expect(data.audit).toMatchObject([
      { action: 'session.created' },
      { action: 'account.exported' },
    ]);
    expect(file!.text).not.toContain(token);
  });

  test('is erased on request, but for a ban', async () => {
    const ada = discord.addMember({ username: 'ada', server });
    const sue = discord.addMember({ username: 'sue', server, permissions: ManageGuild });
    const token = await newToken(ada, 'deploy');
    expect((await ada.slash('session forget', { confirm: 'bob' })).text).toContain(
      'Nothing was erased',
    );
    expect(await statusOf(room, token)()).toBe(200);
    expect((await ada.slash('session forget', { confirm: 'ada' })).text).toContain('is erased');
    expect(await statusOf(room, token)()).toBe(401);
    // That they made a token counts on for an hour, and is all that is left.
    expect(await dump('spent_allowances')).not.toContain(ada.id);

    const again = await newToken(ada);
    const asked = await sue.slash('admin ban', { user: ada.id });
    await sue.press(asked.reply!, 'Ban');
    await ada.slash('session forget', { confirm: 'ada' });
    expect(await statusOf(room, again)()).toBe(401);
    expect((await ada.slash('token create', { name: 'x', expires: '1h' })).text).toContain(
      'banned',
    );
  });
});

async function banSomebody() {
  const ada = discord.addMember({ username: 'ada', server });
  const sue = discord.addMember({ username: 'sue', server, permissions: ManageGuild });
  const asked = await sue.slash('admin ban', { user: ada.id });
  await sue.press(asked.reply!, 'Ban');
  return { ada, sue };
}

async function dump(except: string): Promise<string> {
  const { query } = product.database;
  const tables = await query(
    isOnServer
      ? "select tablename as name from pg_tables where schemaname = 'public'"
      : "select name from sqlite_schema where type = 'table'",
  );
  const names = tables.map(({ name }) => String(name)).filter((name) => name !== except);
  return JSON.stringify(await Promise.all(names.map((name) => query(`select * from "${name}"`))));
}
