import { defineConfig } from 'vitest/config';
import { COMPILED } from '../../vitest.config.ts';
import { longestFirst } from '../support/longest-first.ts';

export default defineConfig({
  test: {
    env: COMPILED,
    include: ['test/faults/*.test.ts'],
    // Most of the time they wait for other processes.
    maxWorkers: 3,
    maxConcurrency: 3,
    sequence: { sequencer: longestFirst('gateway', 'kill', 'gap', 'two') },
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 30_000, interval: 100 } },
    onConsoleLog(log) {
      throw new Error(`a test printed: ${log}`);
    },
  },
});
