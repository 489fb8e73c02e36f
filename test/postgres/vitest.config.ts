import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/postgres/*.test.ts', 'test/e2e/*.test.ts'],
    // Of these only the database file is tested, or what happens before a database is opened.
    exclude: [
      'test/e2e/backup.test.ts',
      'test/e2e/exposure.test.ts',
      'test/e2e/node-version.test.ts',
    ],
    globalSetup: 'test/postgres/server.ts',
    maxWorkers: 4,
    isolate: false,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 15_000 } },
    onConsoleLog(log) {
      throw new Error(`a test printed: ${log}`);
    },
  },
});
