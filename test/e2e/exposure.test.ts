import { startLocalDiscord } from 'local-discord';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../support/fixtures.ts';
import { freePort } from '../support/free-port.ts';

const METRICS_PORT = await freePort();

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly file?: string;
}

const WARNING = 40;

/** What a start warns of, with a `.env` of that mode. */
async function warningsOf(mode: number, variables: Readonly<Record<string, string>>) {
  await using discord = await startLocalDiscord();
  const folder = temporaryFolder();
  onTestFinished(() => folder.remove());
  const file = join(folder.path, '.env');
  const environment = {
    DISCORD_API_URL: discord.apiUrl,
    DISCORD_TOKEN: discord.botToken,
    DATABASE_URL: `file:${folder.path}/latchkey.db`,
    HTTP_PORT: '0',
    ...variables,
  };
  const lines = Object.entries(environment).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(file, lines.join(''), { mode });
  const child = spawn(process.execPath, [`--env-file=${file}`, 'src/bin/start.js'], {
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = text(child.stdout);
  await discord.waitForBot(30_000);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
  const warnings = (await said)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
    .filter(({ level }) => level === WARNING);
  return { file, warnings: warnings.filter(({ msg }) => !msg.includes('banned')) };
}

test('a start with secrets and numbers that only its user can get at warns of nothing', async () => {
  const { warnings } = await warningsOf(0o640, { METRICS_PORT: String(METRICS_PORT) });
  expect(warnings).toEqual([]);
});

test('a start warns, once, of a .env that others may read and of metrics that the outside reaches', async () => {
  const { file, warnings } = await warningsOf(0o644, {
    HTTP_HOST: '0.0.0.0',
    HTTP_WORKERS: '2',
    METRICS_PORT: String(await freePort()),
  });
  expect(warnings).toMatchObject([
    { file, msg: expect.stringMatching(/others .* may read .*: chmod 600/) as string },
    { msg: expect.stringMatching(/METRICS_PORT .*0\.0\.0\.0.* without a credential/) as string },
  ]);
});
