import process from 'node:process';
import { parseArgs } from 'node:util';
import { startVitest } from 'vitest/node';

// vitest takes no options but its own: `--long` tries each race 100 times, `--failover` kills servers and
// processes, and what else is given names files.
const { values, positionals } = parseArgs({
  options: { long: { type: 'boolean' }, failover: { type: 'boolean' } },
  allowPositionals: true,
});
if (values.long === true) process.env['TEST_LONG'] = 'yes';
await startVitest('test', positionals, {
  config: `test/postgres/${values.failover === true ? 'failover' : 'vitest'}.config.ts`,
  watch: false,
});
