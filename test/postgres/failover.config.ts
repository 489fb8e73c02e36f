import { defineConfig } from 'vitest/config';
import suite, { KILLING } from './vitest.config.ts';

export default defineConfig({
  test: {
    ...suite.test,
    include: [...KILLING, 'test/e2e/processes.test.ts'],
    exclude: [],
    // One after the other: what is killed has to come back in time.
    maxWorkers: 1,
  },
});
