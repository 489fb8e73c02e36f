/** What systemd itself says of the unit. Needs `systemd-analyze` on the PATH, and no systemd that runs. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../support/fixtures.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const UNIT = join(ROOT, 'deploy/latchkey.service');

/** Tenths, from 0 for a service that is locked in to 100 for one that may do anything. */
const MOST_EXPOSED = 20;

function analyze(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync('systemd-analyze', ['--no-pager', ...args], {
    encoding: 'utf8',
  });
  return { status, said: stdout + stderr };
}

test('the unit says nothing that systemd does not know', () => {
  const folder = temporaryFolder();
  onTestFinished(() => folder.remove());
  const here = join(folder.path, 'latchkey.service');
  // Systemd looks whether what it is to start is there.
  const unit = readFileSync(UNIT, 'utf8').replaceAll('/opt/latchkey/', ROOT);
  expect(unit).toContain(`ExecStart=${ROOT}node_modules/.bin/node`);
  writeFileSync(here, unit);
  const { status, said } = analyze('verify', here);
  expect([status, said.split('\n').filter((line) => line.includes(here))]).toEqual([0, []]);
});

test('the unit leaves Latchkey little that it could do to the machine', () => {
  const { status, said } = analyze(
    'security',
    '--offline=true',
    `--threshold=${MOST_EXPOSED}`,
    UNIT,
  );
  expect(said).toMatch(/Overall exposure level for latchkey\.service: [01]\.\d/);
  expect(status).toBe(0);
});
