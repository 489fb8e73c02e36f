import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

test('the systemd unit starts what npm start does, with a .env that must be there', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: { start: string } };
  const [, variable, started] = /exec env (\S+) node (.+)$/.exec(scripts.start) ?? [];
  const service = read('deploy/latchkey.service');
  const [, unit] = /^ExecStart=\S+\/node_modules\/\.bin\/node (.+)$/m.exec(service) ?? [];
  expect(unit).toBe(started?.replace('--env-file-if-exists', '--env-file'));
  expect(service).toContain(`\nEnvironment=${variable}\n`);
});
