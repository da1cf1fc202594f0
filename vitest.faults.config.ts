import { defineConfig } from 'vitest/config';

// What `npm run test:faults` runs. One file after another: every scenario wants the machine for itself.
export default defineConfig({
  test: {
    include: ['test/faults/**/*.test.ts'],
    globalSetup: ['test/postgres.ts', 'test/migrated-postgres.ts', 'test/built-program.ts'],
    testTimeout: 180_000,
    hookTimeout: 60_000,
    fileParallelism: false,
    // The figures that a scenario prints are part of its result.
    disableConsoleIntercept: true,
  },
});
