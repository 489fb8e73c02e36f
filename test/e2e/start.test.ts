import { startLocalDiscord } from 'local-discord';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { environmentSchema } from '../../src/config.ts';
import { freePort } from '../support/free-port.ts';
import { startProduct } from '../support/product.ts';
import { setUp } from '../support/end-to-end.ts';
import { check, newToken } from '../support/tokens.ts';

describe('npm start', () => {
  test('prints the invite link and what to type first', async () => {
    await using stage = await setUp();
    const { discord, product } = stage;
    await expect.poll(() => product.output.join('\n')).toContain('/token create');
    const link = /https:\/\/discord\.com\/oauth2\/authorize\S+?(?=")/.exec(
      product.output.join('\n'),
    );
    const query = new URL(link![0]).searchParams;
    expect(query.get('client_id')).toBe(discord.applicationId);
    expect(query.get('scope')).toBe('bot applications.commands');
    expect(query.get('permissions')).toBe('0');
  });

  test('without a token says in five lines where to get one', async () => {
    const { code, output } = await npmStart({});
    expect(code).toBe(1);
    const lines = output.split('\n').filter((line) => /^(Latchkey|\d\.|To see)/.test(line));
    expect(lines).toHaveLength(5);
    expect(output).toContain('npm run demo');
  });

  test('names every variable that is wrong', async () => {
    const { code, output } = await npmStart({
      DISCORD_TOKEN: 'x',
      HTTP_PORT: 'eighty',
      TOKEN_PREFIX: 'a b',
    });
    expect(code).toBe(1);
    expect(output).toContain('HTTP_PORT must be a whole number from 0 to 65535');
    expect(output).toContain('TOKEN_PREFIX must be');
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('ends in order at %s, with 0', async (signal) => {
    await using discord = await startLocalDiscord();
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-'));
    const { child, exited, read } = run({
      DISCORD_API_URL: discord.apiUrl,
      DISCORD_TOKEN: discord.botToken,
      DATABASE_URL: `file:${folder}/latchkey.db`,
      HTTP_PORT: '0',
    });
    await discord.waitForBot(30_000);
    await expect.poll(read).toContain('Invite the bot');
    child.kill(signal);
    expect(await exited).toBe(0);
    expect(read()).toContain(`${signal}: stopping`);
    await rm(folder, { recursive: true });
  });
});

test('a SIGTERM that comes while it starts ends it in order as well', async () => {
  await using discord = await startLocalDiscord();
  await using product = await startProduct(discord);
  expect(await product.stop()).toBe(0);
});

test('a stop does not wait for an answer that hangs, and loses nothing that was used', async () => {
  await using stage = await setUp();
  const { discord, product, member } = stage;
  const ada = member('ada');
  await check(product, await newToken(ada, 'used'));
  discord.fail({ method: 'POST', path: /channels\/\d+\/messages$/, delayMs: 20_000 });
  const hanging = await ada.slash('token create', { name: 'x', expires: '1h' }, { until: 'sent' });
  hanging.settled.catch(() => {});
  expect(await product.stop()).toBe(0);
  discord.heal();
  await product.start();
  await discord.waitForBot(30_000);
  expect((await ada.slash('session list')).text).toMatch(/\*\*used\*\*[^]*last used/);
});

test.each([
  ['whose reader is gone', () => 'pipe' as const],
  ['on a full disk', () => openSync('/dev/full', 'w')],
])('a log %s ends nothing', async (_, output) => {
  await using discord = await startLocalDiscord();
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-'));
  const port = String(await freePort());
  const log = output();
  const child = spawn(process.execPath, ['src/bin/start.js'], {
    stdio: ['ignore', log, log],
    env: {
      DISCORD_API_URL: discord.apiUrl,
      DISCORD_TOKEN: discord.botToken,
      DATABASE_URL: `file:${folder}/latchkey.db`,
      HTTP_PORT: port,
      LOG_LEVEL: 'debug',
    },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const exited = once(child, 'exit');
  const ask = () => fetch(`http://127.0.0.1:${port}/health`).catch(() => null);
  // Its exit code instead, should it end.
  const seen = async () => child.exitCode ?? (await ask())?.status;
  await expect.poll(seen).toBe(200);
  for (const stream of [child.stdout, child.stderr]) stream?.destroy();
  for (let index = 0; index < 5; index += 1) expect(await seen()).toBe(200);
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
  if (typeof log === 'number') closeSync(log);
  await rm(folder, { recursive: true });
});

/** Else a `.env` of the developer's, which the script reads, would start a bot of theirs. */
const NOTHING = Object.fromEntries(Object.keys(environmentSchema.shape).map((name) => [name, '']));

function run(environment: Record<string, string>) {
  const env = { PATH: process.env['PATH'], ...NOTHING, ...environment };
  const child = spawn('npm', ['start'], { env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  return { child, exited, read: () => output };
}

async function npmStart(environment: Record<string, string>) {
  const { exited, read } = run(environment);
  return { code: await exited, output: read() };
}
