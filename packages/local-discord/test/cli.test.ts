import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

const CLI = fileURLToPath(new URL('../src/cli.ts', import.meta.url));

function run(...args: string[]) {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  return {
    child,
    exited: once(child, 'exit'),
    said: text(child.stdout),
    blamed: text(child.stderr),
  };
}

describe('the command line', () => {
  it('prints what a bot needs, serves its page, and reports at its end', async () => {
    const { child, exited, said, blamed } = run();
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    await expect.poll(() => printed).toContain('Ctrl+C');
    const value = (name: string) => new RegExp(`^${name}=(.+)$`, 'm').exec(printed)?.[1] ?? '';
    const headers = { authorization: `Bot ${value('DISCORD_TOKEN')}` };
    const me = await fetch(`${value('DISCORD_API')}/v10/users/@me`, { headers });
    expect(((await me.json()) as { id: string }).id).toBe(value('CLIENT_ID'));
    const server = await fetch(`${value('DISCORD_API')}/v10/guilds/${value('GUILD_ID')}`, {
      headers,
    });
    expect(server.status).toBe(200);
    const page = await fetch(/http:\S+\/(?=\n)/.exec(printed)?.[0] ?? '');
    expect(await page.text()).toContain('A local Discord');
    await fetch(`${value('DISCORD_API')}/v10/guilds/1/emojis`, { headers });

    child.kill('SIGINT');
    expect(await exited).toEqual([0, null]);
    expect(await said).toMatch(/Not played here, so nothing is known of it:\n {2}GET .*emojis\n$/);
    expect(await blamed).toBe('');
  });

  it.runIf(process.platform === 'linux')('opens its page in the browser', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'local-discord-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const opened = join(folder, 'opened');
    writeFileSync(join(folder, 'xdg-open'), `#!/bin/sh\necho "$1" > ${opened}\n`, { mode: 0o700 });
    vi.stubEnv('PATH', `${folder}:${process.env['PATH'] ?? ''}`);
    onTestFinished(() => void vi.unstubAllEnvs());
    const { child, exited, said } = run('--open');
    await expect.poll(() => existsSync(opened) && readFileSync(opened, 'utf8')).toMatch(/^http:/);
    child.kill('SIGINT');
    expect(await exited).toEqual([0, null]);
    expect(await said).toContain(`# The page: ${readFileSync(opened, 'utf8')}`);
  });

  it('explains itself', async () => {
    const { exited, said } = run('--help');
    expect(await said).toContain('--privileged-intents');
    expect(await exited).toEqual([0, null]);
  });

  it.each([['--port', 'x'], ['--port', '70000'], ['--token', 'secret'], ['secret']])(
    'refuses %s %s',
    async (...args) => {
      const { exited, said, blamed } = run(...args);
      expect(await exited).toEqual([1, null]);
      expect(await said).toBe('');
      expect(await blamed).toMatch(/^local-discord: .+\n$/);
    },
  );
});
