// The bot as it is started by its users, in a process of its own, on a local Discord.
import { startLocalDiscord } from 'local-discord';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';

let discord;
let server;
let bot;

before(async () => {
  discord = await startLocalDiscord();
  server = discord.addServer({ name: 'Guide' });
  const env = {
    ...process.env,
    DISCORD_API: discord.apiUrl,
    DISCORD_TOKEN: discord.botToken,
    CLIENT_ID: discord.applicationId,
    GUILD_ID: server.id,
  };
  const cwd = import.meta.dirname;
  const deploy = spawn(process.execPath, ['deploy-commands.js'], { cwd, env });
  assert.deepEqual(await once(deploy, 'exit'), [0, null]);
  bot = spawn(process.execPath, ['index.js'], { cwd, env });
  await discord.waitForBot(10_000, server);
});

after(async () => {
  bot.kill();
  await discord.stop();
});

test('/ping is answered', async () => {
  const ada = discord.addMember({ username: 'ada', server });
  assert.equal((await ada.slash('ping')).text, 'Pong!');
});

test('/user says who asks', async () => {
  const ada = discord.addMember({ username: 'ada', server });
  const { text } = await ada.slash('user');
  assert.match(text, /^This command was run by ada, who joined on \w{3} /);
});

test('nothing that Discord would have refused was done', () => {
  assert.deepEqual(discord.violations, [], discord.report());
});
