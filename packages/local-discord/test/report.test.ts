import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { once } from 'node:events';
import { type LocalDiscord, startLocalDiscord } from '../src/index.ts';

function call(discord: LocalDiscord, method: string, path: string, body?: object) {
  return fetch(`${discord.apiUrl}/v10${path}`, {
    method,
    headers: { authorization: `Bot ${discord.botToken}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** What the gateway says to an identify. */
async function identify(discord: LocalDiscord, intents: number): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${discord.port}/?v=10&encoding=json`);
  await once(socket, 'message');
  const properties = { os: 'linux' };
  socket.send(JSON.stringify({ op: 2, d: { token: discord.botToken, intents, properties } }));
  await once(socket, 'close');
}

function shout(discord: LocalDiscord) {
  const path = `/channels/${discord.addServer().channelId}/messages`;
  return call(discord, 'POST', path, { content: '@everyone' });
}

describe('the report', () => {
  it('says that there is nothing to say', async () => {
    await using discord = await startLocalDiscord();
    await call(discord, 'GET', '/users/@me');
    expect(discord.report()).toBe('Nothing that Discord would have refused.\n');
  });

  it('tells what is wrong with which part of which request, once each', async () => {
    await using discord = await startLocalDiscord();
    const { channelId } = discord.addServer();
    const long = { content: 'x'.repeat(2001) };
    await call(discord, 'POST', `/channels/${channelId}/messages`, long);
    await call(discord, 'POST', `/channels/${channelId}/messages`, long);
    await call(discord, 'GET', '/channels/111111111111111111');
    await call(discord, 'GET', '/guilds/111111111111111111/emojis');
    await identify(discord, 1 << 15);
    discord.fail({ path: /./, status: 503 });
    await call(discord, 'GET', '/users/@me');
    discord.dropGateway({ code: 4000 });
    const field = 'content: Must be 2000 or fewer in length. (BASE_TYPE_MAX_LENGTH)';
    const violation = `POST /channels/{channel_id}/messages: Invalid Form Body; ${field}`;
    expect(discord.violations).toEqual([violation, violation]);
    expect(discord.report()).toBe(
      [
        'Against the rules:',
        `  2 times ${violation}`,
        'Refused:',
        '  GET /channels/{channel_id}: Unknown Channel (10003)',
        'Put out of the gateway:',
        '  4014 Disallowed intent(s).',
        'Not played here, so nothing is known of it:',
        '  GET /guilds/{id}/emojis',
        '',
      ].join('\n'),
    );
  });

  it('counts an answer for all to see only where that is a rule of the house', async () => {
    await using open = await startLocalDiscord();
    await shout(open);
    expect(open.violations).toEqual([]);
    await using strict = await startLocalDiscord({ houseRules: { noPings: true } });
    await shout(strict);
    expect(strict.violations).toEqual([
      'a message could notify somebody: @everyone without allowed_mentions',
    ]);
  });
});
