import { defineConfig } from 'vitest/config';
import { COMPILED } from '../vitest.config.ts';
import { longestFirst } from './support/longest-first.ts';

const FOLDERS = ['proxies', 'clients', 'openapi', 'operations', 'playground', 'pictures', 'words'];

/** What needs other programs: from Debian, of packages that are installed at the first run, or of ours. */
export default defineConfig({
  test: {
    env: COMPILED,
    include: [
      ...FOLDERS.map((folder) => `test/${folder}/*.test.ts`),
      'packages/local-discord/test/packed/*.test.ts',
    ],
    // Most of the time they wait for other programs.
    maxWorkers: 3,
    sequence: { sequencer: longestFirst('proxies', 'words', 'playground', 'openapi') },
    testTimeout: 60_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 15_000 } },
  },
});
