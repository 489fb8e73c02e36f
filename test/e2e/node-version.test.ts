import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../support/fixtures.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const { engines, scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  engines: { node: string };
  scripts: Record<string, string>;
};
const needed = engines.node.slice('>='.length);

/** Says of itself that it is another version. */
const disguise = (version: string) =>
  `data:text/javascript,Object.defineProperty(process, 'versions', { value: { node: '${version}' } })`;

function start(version: string) {
  const args = ['--import', disguise(version), 'src/bin/start.js'];
  const env = { PATH: process.env['PATH'] };
  return spawnSync(process.execPath, args, { cwd: ROOT, env, encoding: 'utf8' });
}

/** One line, for people, about Node; no stack. */
const SENTENCE = new RegExp(
  `^Latchkey needs Node ${needed.replaceAll('.', '\\.')} or later[^\n]*\n$`,
);

test.each(['18.20.4', '20.20.2', '24.0.0', '24.13.9', '24.14.0'])(
  'Node %s is refused in one sentence',
  (version) => {
    const { status, stdout, stderr } = start(version);
    expect({ status, stdout, stderr }).toEqual({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(SENTENCE) as string,
    });
    expect(stderr).toContain(`this is Node ${version}`);
  },
);

test.each(['24.14.1', '24.15.0', '25.0.0', '100.0.0'])('Node %s is not', (version) => {
  expect(start(version).stderr).toMatch(/^Latchkey needs the token of a Discord bot/);
});

/** What npm would run if there were no Node in node_modules. */
const old = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'node'))
  .filter((file) => existsSync(file))
  .find((file) => {
    const version = spawnSync(file, ['--version'], { encoding: 'utf8' }).stdout;
    return Number(/^v(\d+)/.exec(version)?.[1]) < 24;
  });

// Where this machine has an older one.
test.skipIf(old === undefined).each(['start', 'backup', 'restore', 'demo'])(
  'npm run %s says the same with a real one that is older',
  (script) => {
    const folder = temporaryFolder();
    onTestFinished(() => folder.remove());
    const bin = join(folder.path, 'bin');
    mkdirSync(bin);
    symlinkSync(old!, join(bin, 'node'));
    const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', scripts[script]!], {
      cwd: ROOT,
      env: { PATH: bin },
      encoding: 'utf8',
    });
    expect({ status, stdout, stderr }).toEqual({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(SENTENCE) as string,
    });
  },
);
