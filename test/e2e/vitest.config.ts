import { defineConfig } from 'vitest/config';
import suite from '../../vitest.config.ts';

export default defineConfig({
  test: {
    ...suite.test,
    include: ['test/e2e/*.test.ts'],
    exclude: [],
    // Most of the time they wait for another process.
    maxWorkers: 4,
  },
});
