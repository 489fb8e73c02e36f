import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

/** Where somebody else works: with the packed package and the library, and nothing of this repository. */
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'local-discord-'));
  await cp(join(PACKAGE, 'example'), folder, { recursive: true });
  await npm(PACKAGE, 'run', 'build');
  const packed = await npm(folder, 'pack', '--json', join(PACKAGE, 'dist'));
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  await npm(folder, 'install', '--prefer-offline', `./${filename}`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function npm(cwd: string, ...args: string[]): Promise<string> {
  const { stdout } = await run('npm', [...args, '--no-audit', '--no-fund'], { cwd });
  return stdout;
}

const node = (...args: string[]) => run(process.execPath, args, { cwd: folder });

describe('the packed package', () => {
  it('drives the bot of the guide', async () => {
    const { stdout } = await node('--test', '--test-reporter=tap');
    expect(stdout).toMatch(/^# pass 3$/m);
    expect(stdout).toMatch(/^# fail 0$/m);
  });

  it('does what its README shows', async () => {
    const readme = await readFile(
      join(folder, 'node_modules', 'local-discord', 'README.md'),
      'utf8',
    );
    const shown = /```js\n([^`]*`[^]*?)?\n```/.exec(readme)?.[0] ?? '';
    await writeFile(join(folder, 'readme.test.mjs'), shown.replaceAll(/^```.*$/gm, ''));
    const { stdout } = await node('--test', '--test-reporter=tap', 'readme.test.mjs');
    expect(stdout).toMatch(/^# pass 1$/m);
  });

  it('has types that hold without a look into its sources', async () => {
    await writeFile(
      join(folder, 'typed.mts'),
      `import { type Exchange, type LocalMessage, startLocalDiscord } from 'local-discord';
       import { openPage } from 'local-discord/page';
       await using discord = await startLocalDiscord({ houseRules: { noPings: true } });
       const server = discord.addServer();
       const ada = discord.addMember({ username: 'ada', server });
       const exchange: Exchange = await ada.slash('ping', { to: 'bob', times: 2 });
       const reply: LocalMessage | undefined = exchange.reply;
       const page = await openPage(discord, { server, people: [ada] });
       export const url: string = page.url;
       // @ts-expect-error -- not an option
       await startLocalDiscord({ nothing: true });
       // @ts-expect-error -- a message has no such member
       reply?.nothing;
      `,
    );
    const tsc = fileURLToPath(
      new URL('../../../../node_modules/typescript/bin/tsc', import.meta.url),
    );
    const types = fileURLToPath(new URL('../../../../node_modules/@types', import.meta.url));
    const options = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'esnext'];
    const given = [...options, '--typeRoots', types, '--types', 'node', 'typed.mts'];
    const { stdout } = await node(tsc, ...given);
    expect(stdout).toBe('');
  });

  it('is required as well as imported', async () => {
    const { stdout } = await node('--print', `typeof require('local-discord').startLocalDiscord`);
    expect(stdout.trim()).toBe('function');
  });

  it('brings its page and its command line', async () => {
    const { stdout } = await run('npx', ['local-discord', '--help'], { cwd: folder });
    expect(stdout).toContain('Usage: local-discord');
    const asked = await node(
      '--input-type=module',
      '--eval',
      `import { startLocalDiscord } from 'local-discord';
       import { openPage } from 'local-discord/page';
       await using discord = await startLocalDiscord();
       const server = discord.addServer();
       const ada = discord.addMember({ username: 'ada', server });
       await using page = await openPage(discord, { server, people: [ada] });
       const names = ['', 'main.js', 'choices.js', 'page.css'];
       const answers = await Promise.all(names.map((name) => fetch(page.url + name)));
       console.log(answers.map(({ status }) => status).join(' '));`,
    );
    expect(asked.stdout.trim()).toBe('200 200 200 200');
  });
});
