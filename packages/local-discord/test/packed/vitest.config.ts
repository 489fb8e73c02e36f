import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/local-discord/test/packed/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
});
