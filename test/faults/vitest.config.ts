import { defineConfig } from 'vitest/config';
import { COMPILED } from '../../vitest.config.ts';
import { longestFirst } from '../support/longest-first.ts';

export default defineConfig({
  test: {
    env: COMPILED,
    include: ['test/faults/*.test.ts'],
    // Most of the time they wait for other processes.
    maxWorkers: 4,
    maxConcurrency: 3,
    // As in the other suites: no module of ours keeps state.
    isolate: false,
    sequence: { sequencer: longestFirst('kill', 'gateway', 'gap', 'lost-answer', 'two', 'clock') },
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 30_000, interval: 100 } },
    onConsoleLog(log) {
      throw new Error(`a test printed: ${log}`);
    },
  },
});
