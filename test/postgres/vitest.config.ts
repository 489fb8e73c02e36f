import process from 'node:process';
import { defineConfig } from 'vitest/config';
import { COMPILED } from '../../vitest.config.ts';
import { longestFirst } from '../support/longest-first.ts';

// What else of test/faults is about the file, the clock or Discord alone, or is met by test/postgres.
const faults = [
  'gap',
  ...(process.env['TEST_LONG'] === undefined ? [] : ['two', 'lost-answer']),
].map((name) => `test/faults/${name}.test.ts`);

/** They start servers and processes, and kill them. */
export const KILLING = ['failover', 'side-by-side', 'start-together'].map(
  (name) => `test/postgres/${name}.test.ts`,
);

export default defineConfig({
  test: {
    include: ['test/postgres/*.test.ts', 'test/e2e/*.test.ts', ...faults],
    // Of these only the database file is tested, or what happens before a database is asked: at a start, or
    // on a socket. Or they need the machine for themselves (failover.config.ts).
    exclude: [
      ...KILLING,
      'test/e2e/processes.test.ts',
      'test/e2e/backup.test.ts',
      'test/e2e/exposure.test.ts',
      'test/e2e/node-version.test.ts',
      'test/e2e/raw-sockets.test.ts',
    ],
    env: COMPILED,
    globalSetup: 'test/postgres/server.ts',
    maxWorkers: 4,
    maxConcurrency: 2,
    sequence: {
      sequencer: longestFirst('roles', 'move', 'lost-commit', 'gap', 'reminders', 'staff-channel'),
    },
    isolate: false,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 15_000 } },
    onConsoleLog(log) {
      throw new Error(`a test printed: ${log}`);
    },
  },
});
