import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // Whatever a test prints is either a fault or noise: both fail it.
    onConsoleLog(log) {
      throw new Error(`a test printed: ${log}`);
    },
  },
});
