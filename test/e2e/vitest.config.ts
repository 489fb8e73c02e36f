import { defineConfig } from 'vitest/config';
import { longestFirst } from '../support/longest-first.ts';
import suite from '../../vitest.config.ts';

export default defineConfig({
  test: {
    ...suite.test,
    include: ['test/e2e/*.test.ts'],
    exclude: [],
    // Most of the time they wait for another process.
    maxWorkers: 4,
    sequence: { sequencer: longestFirst('roles', 'processes', 'reminders', 'backup') },
  },
});
