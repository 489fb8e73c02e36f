import { defineConfig } from 'vitest/config';
import suite from '../../vitest.config.ts';

export default defineConfig({
  test: { ...suite.test, include: ['test/e2e/*.test.ts'], exclude: [] },
});
