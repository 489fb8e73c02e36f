import { PermissionFlagsBits } from 'discord.js';
import Database from 'better-sqlite3';
import { describe, expect, test, vi } from 'vitest';
import {
  type LocalDiscord,
  type LocalServer,
  startLocalDiscord,
} from '../support/local-discord/index.ts';
import { startProduct } from '../support/product.ts';
import { health, setUp, type Stage } from '../support/stage.ts';
import { check, newToken } from '../support/use.ts';

const { Administrator, ManageGuild, ViewChannel, SendMessages } = PermissionFlagsBits;

interface Room extends Stage {
  readonly server: LocalServer;
}

async function setUpRoom(
  environment: Record<string, string> = {},
  { botPermissions = Administrator, privilegedIntents = 0 } = {},
): Promise<Room> {
  let server!: LocalServer;
  const stage = await setUp(
    (local) => {
      server = local.addServer({ botPermissions });
      return { STAFF_CHANNEL_ID: server.channelId, ...environment };
    },
    { privilegedIntents },
  );
  await vi.waitUntil(() => stage.discord.guildCommands(server.id).length > 0);
  return { ...stage, server };
}

const statusOf = (stage: Stage, token: string) => async () =>
  (await check(stage.product, token)).status;

function feedOf(discord: LocalDiscord, server: LocalServer): string[] {
  return discord.requests
    .filter(
      ({ path, method, status }) =>
        method === 'POST' && path === `/channels/${server.channelId}/messages` && status === 200,
    )
    .map(({ body }) => String((body as { content?: string }).content));
}

describe('a ban in the server', () => {
  test('is a ban here, until the server or staff lift it', async () => {
    await using room = await setUpRoom();
    const { discord, server } = room;
    const ada = discord.addMember({ username: 'ada', server });
    const token = await newToken(ada);
    server.ban(ada);
    await expect.poll(statusOf(room, token)).toBe(403);
    server.unban(ada);
    await expect.poll(statusOf(room, token)).toBe(200);
  });

  test('that staff hold as well stays when the server lifts its own', async () => {
    await using room = await setUpRoom();
    const { discord, server } = room;
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
    await using room = await setUpRoom();
    const { discord, server, product } = room;
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

  test('that came while we were down is found at login', async () => {
    const web = 'https://lamps.example/callback';
    await using room = await setUpRoom();
    const { discord, server, product } = room;
    discord.redirectUris.push(web);
    await product.stop();
    await product.start({ DISCORD_CLIENT_SECRET: discord.clientSecret, LOGIN_REDIRECT_URIS: web });
    await expect.poll(() => health(product.url)).toEqual([200, undefined]);
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

  test('that the bot may not read is said once, at the start', async () => {
    await using room = await setUpRoom({}, { botPermissions: ViewChannel | SendMessages });
    await expect.poll(() => room.product.output.join('\n')).toContain('Ban Members');
    expect(room.product.output.filter((line) => line.includes('Ban Members'))).toHaveLength(1);
  });

  test('means nothing where REVOKE_ON_LEAVE is off, and nothing more is asked of Discord', async () => {
    await using room = await setUpRoom({ REVOKE_ON_LEAVE: 'off' });
    const { discord, server } = room;
    const ada = discord.addMember({ username: 'ada', server });
    const token = await newToken(ada);
    server.ban(ada);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await statusOf(room, token)()).toBe(200);
    expect(discord.requests.filter(({ path }) => path.includes('/bans'))).toEqual([]);
  });
});

describe('leaving the server', () => {
  test('revokes everything where that is wanted', async () => {
    await using room = await setUpRoom({ REVOKE_ON_LEAVE: 'leave' }, { privilegedIntents: 1 << 1 });
    const { discord, server } = room;
    const ada = discord.addMember({ username: 'ada', server });
    const token = await newToken(ada);
    ada.leave(server);
    await expect.poll(statusOf(room, token)).toBe(401);
  });

  test('needs an intent, and says so where Discord refuses it', async () => {
    await using discord = await startLocalDiscord();
    await using product = await startProduct(discord, {
      STAFF_CHANNEL_ID: discord.addServer().channelId,
      REVOKE_ON_LEAVE: 'leave',
    });
    await expect.poll(() => product.output.join('\n')).toContain('Server Members Intent');
  });
});

describe('the staff feed', () => {
  async function ban(room: Room) {
    const { discord, server } = room;
    const ada = discord.addMember({ username: 'ada', server });
    const sue = discord.addMember({ username: 'sue', server, permissions: ManageGuild });
    const asked = await sue.slash('admin ban', { user: ada.id });
    await sue.press(asked.reply!, 'Ban');
    return { ada, sue };
  }

  test('has a post once, though Discord answered 500 after it took it', async () => {
    await using room = await setUpRoom();
    const { discord, server } = room;
    const path = new RegExp(`channels/${server.channelId}/messages$`);
    discord.fail({ method: 'POST', path, status: 500, afterEffect: true, times: 3 });
    const { ada } = await ban(room);
    await expect
      .poll(() => feedOf(discord, server).join('\n'), { timeout: 18_000 })
      .toContain(`banned <@${ada.id}>`);
    expect(discord.violations).toEqual([]);
  });

  test('has a post after kill -9 between the act and the post, once', async () => {
    await using room = await setUpRoom();
    const { discord, server, product } = room;
    const path = new RegExp(`channels/${server.channelId}/messages$`);
    discord.fail({ method: 'POST', path, delayMs: 5_000, afterEffect: true, times: 1 });
    const { ada } = await ban(room);
    await product.stop('SIGKILL');
    // As if a minute had passed: the nonce is forgotten, and the message may be there or not.
    const database = new Database(product.databaseFile);
    database.exec('update outbox set due_at = 0, tried_at = tried_at - 120000; delete from leases');
    database.close();
    await product.start();
    const posts = () =>
      discord.requests.filter(
        ({ body, method }) =>
          method === 'POST' && JSON.stringify(body ?? '').includes(`banned <@${ada.id}>`),
      );
    await expect.poll(() => posts().length, { timeout: 15_000 }).toBeGreaterThan(0);
  });

  test('does not make an act fail when its channel is gone', async () => {
    await using room = await setUpRoom();
    const { discord, server, product } = room;
    const ada = discord.addMember({ username: 'ada', server });
    const sue = discord.addMember({ username: 'sue', server, permissions: ManageGuild });
    const token = await newToken(ada);
    const asked = await sue.slash('admin ban', { user: ada.id });
    const path = new RegExp(`channels/${server.channelId}/messages$`);
    discord.fail({ method: 'POST', path, status: 404, code: 10003, times: 20 });
    await sue.press(asked.reply!, 'Ban');
    expect(await statusOf(room, token)()).toBe(403);
    await expect
      .poll(() => product.output.filter((line) => line.includes('could not be posted')).length)
      .toBe(1);
  });

  test('folds a burst into one message', async () => {
    await using room = await setUpRoom();
    const { discord, server } = room;
    const path = new RegExp(`channels/${server.channelId}/messages$`);
    discord.fail({ method: 'POST', path, delayMs: 1_500, times: 1 });
    for (let index = 0; index < 6; index += 1) {
      const fresh = discord.addMember({ username: `new${index}`, server });
      await newToken(fresh);
    }
    await expect
      .poll(() => feedOf(discord, server).join('\n').split('•').length - 1, { timeout: 10_000 })
      .toBe(6);
    expect(feedOf(discord, server).length).toBeLessThan(4);
  });
});

describe('the staff channel', () => {
  test('that moves takes the commands along', async () => {
    await using room = await setUpRoom();
    const { discord, server, product } = room;
    const other = discord.addServer({ botPermissions: Administrator });
    await product.stop();
    await product.start({ STAFF_CHANNEL_ID: other.channelId });
    await expect.poll(() => discord.guildCommands(other.id).length).toBe(1);
    await expect.poll(() => discord.guildCommands(server.id).length).toBe(0);
    await product.stop();
    await product.start({ STAFF_CHANNEL_ID: '' });
    await expect.poll(() => discord.guildCommands(other.id).length).toBe(0);
  });

  test('that is deleted, or no text channel, is said, and everything else works', async () => {
    let server!: LocalServer;
    await using stage = await setUp((local) => {
      server = local.addServer();
      return { STAFF_CHANNEL_ID: server.addChannel('ideas', { type: 15 }).id };
    });
    await expect.poll(() => stage.product.output.join('\n')).toContain('not a text channel');
    await newToken(stage.member('ada'));
    await stage.product.stop();
    await stage.product.start({ STAFF_CHANNEL_ID: '123456789012345678' });
    await expect.poll(() => stage.product.output.join('\n')).toContain('cannot be seen by the bot');
    expect(await health(stage.product.url)).toEqual([200, undefined]);
  });

  test('may be for roles: then the command is shown to all and refused to others', async () => {
    let server!: LocalServer;
    let role = '';
    await using stage = await setUp((local) => {
      server = local.addServer({ botPermissions: Administrator });
      role = server.addRole('Keepers').id;
      return { STAFF_CHANNEL_ID: server.channelId, STAFF_ROLE_IDS: role };
    });
    const { discord } = stage;
    await vi.waitUntil(() => discord.guildCommands(server.id).length > 0);
    const keeper = discord.addMember({ username: 'keeper', server, roles: [role] });
    const boss = discord.addMember({ username: 'boss', server, permissions: Administrator });
    expect((await keeper.slash('admin stats')).text).toContain('Accounts');
    expect((await boss.slash('admin stats')).text).toContain('Only the staff');
    expect((await boss.slash('admin ban', { user: keeper.id })).text).toContain('Only the staff');
  });
});

describe("a member's own data", () => {
  test('comes as a file in a direct message', async () => {
    await using room = await setUpRoom();
    const { discord, server } = room;
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
    await using room = await setUpRoom();
    const { discord, server, product } = room;
    const ada = discord.addMember({ username: 'ada', server });
    const sue = discord.addMember({ username: 'sue', server, permissions: ManageGuild });
    const token = await newToken(ada, 'deploy');
    expect((await ada.slash('session forget', { confirm: 'bob' })).text).toContain(
      'Nothing was erased',
    );
    expect(await statusOf(room, token)()).toBe(200);
    expect((await ada.slash('session forget', { confirm: 'ada' })).text).toContain('is erased');
    expect(await statusOf(room, token)()).toBe(401);
    expect(dump(product.databaseFile)).not.toContain(ada.id);

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

function dump(file: string): string {
  const database = new Database(file, { readonly: true });
  const tables = database
    .prepare<[], string>("select name from sqlite_schema where type = 'table'")
    .pluck()
    .all();
  const rows = tables.flatMap((table) => database.prepare(`select * from "${table}"`).all());
  database.close();
  return JSON.stringify(rows);
}
