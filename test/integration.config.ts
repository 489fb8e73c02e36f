import { defineConfig } from 'vitest/config';
import { COMPILED } from '../vitest.config.ts';
import { longestFirst } from './support/longest-first.ts';

const FOLDERS = ['proxies', 'clients', 'openapi', 'operations', 'playground'];

/** What needs programs that are not ours: from Debian, or packages that are installed at the first run. */
export default defineConfig({
  test: {
    env: COMPILED,
    include: [
      ...FOLDERS.map((folder) => `test/${folder}/*.test.ts`),
      'packages/local-discord/test/packed/*.test.ts',
    ],
    // Most of the time they wait for other programs.
    maxWorkers: 3,
    sequence: { sequencer: longestFirst('proxies', 'playground', 'openapi') },
    testTimeout: 60_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 15_000 } },
  },
});
