import { spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

/** Installs what a folder's lock file names, unless it is installed already. */
export function installPackages(folder: string, what: string): void {
  const lock = hash('sha256', readFileSync(join(folder, 'package-lock.json')));
  const stamp = join(folder, 'node_modules/.installed');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  process.stderr.write(`Installing ${what}, in ${folder}\n`);
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync('npm', ['ci', ...flags], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error(`${what} cannot be installed: npm ci failed in ${folder}`);
  writeFileSync(stamp, lock);
}
