import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Beside the repository, if at all.
const DESCRIPTION = fileURLToPath(new URL('../shared/discord-openapi.json', import.meta.url));

/** Programs that tests start find here what was compiled before, which halves their start. */
export const COMPILED = {
  NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/latchkey', import.meta.url)),
};

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'packages/*/test/**/*.test.ts'],
    exclude: [
      'test/e2e/**',
      'test/proxies/**',
      'test/bench/**',
      'test/faults/**',
      'test/clients/**',
      'test/openapi/**',
      'test/operations/**',
      'test/playground/**',
      'test/pictures/**',
      'test/words/**',
      'packages/*/test/packed/**',
      'test/postgres/**',
    ],
    env: { DISCORD_OPENAPI: process.env['DISCORD_OPENAPI'] ?? DESCRIPTION, ...COMPILED },
    // One for each core: they compute, and Discord's three seconds pass meanwhile.
    maxWorkers: '100%',
    // No module of ours keeps state, so files can share what they import.
    isolate: false,
    testTimeout: 40_000,
    hookTimeout: 40_000,
    expect: { poll: { timeout: 15_000 } },
    // Whatever a test prints is either a fault or noise: both fail it.
    onConsoleLog(log) {
      throw new Error(`a test printed: ${log}`);
    },
  },
});
