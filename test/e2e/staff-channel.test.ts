import { PermissionFlagsBits } from 'discord.js';
import { type LocalServer, startLocalDiscord } from 'local-discord';
import { describe, expect, test, vi } from 'vitest';
import { startProduct } from '../support/product.ts';
import { setUpStaffChannel, statusOf } from '../support/end-to-end.ts';
import { health, setUp } from '../support/end-to-end.ts';
import { newToken } from '../support/tokens.ts';

const { Administrator, ViewChannel, SendMessages } = PermissionFlagsBits;

describe('a ban in the server', () => {
  test('that the bot may not read is said once, at the start', async () => {
    await using room = await setUpStaffChannel({}, { botPermissions: ViewChannel | SendMessages });
    await expect.poll(() => room.product.output.join('\n')).toContain('Ban Members');
    expect(room.product.output.filter((line) => line.includes('Ban Members'))).toHaveLength(1);
  });

  test('that the bot may not read is said once where the server is known from the start, too', async () => {
    await using stage = await setUp((discord) => ({
      COMMUNITY_SERVER_ID: discord.addServer({ botPermissions: ViewChannel }).id,
    }));
    const { output } = stage.product;
    await expect.poll(() => output.join('\n')).toContain('Ban Members');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(output.filter((line) => line.includes('Ban Members'))).toHaveLength(1);
  });

  test('means nothing where REVOKE_ON_LEAVE is off, and nothing more is asked of Discord', async () => {
    await using room = await setUpStaffChannel({ REVOKE_ON_LEAVE: 'off' });
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
    await using room = await setUpStaffChannel(
      { REVOKE_ON_LEAVE: 'leave' },
      { privilegedIntents: 1 << 1 },
    );
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

describe('the staff channel', () => {
  test('that moves takes the commands along', async () => {
    await using room = await setUpStaffChannel();
    const { discord, server, product } = room;
    const other = discord.addServer({ botPermissions: Administrator });
    await product.stop();
    await product.start({ STAFF_CHANNEL_ID: other.channelId });
    await expect.poll(() => discord.guildCommands(other.id).length).toBe(2);
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
    await vi.waitUntil(() => discord.guildCommands(server.id).length > 0, { timeout: 15_000 });
    const keeper = discord.addMember({ username: 'keeper', server, roles: [role] });
    const boss = discord.addMember({ username: 'boss', server, permissions: Administrator });
    expect((await keeper.slash('admin stats')).text).toContain('Accounts');
    expect((await boss.slash('admin stats')).text).toContain('Only the staff');
    expect((await boss.slash('admin ban', { user: keeper.id })).text).toContain('Only the staff');
  });
});
