import { configDefaults, defineConfig } from 'vitest/config';

// They replace a module that others in the same worker may have loaded already.
const alone = ['test/edge/constant-work.test.ts', 'test/store/sqlite-sync.test.ts'];
// Those have a run of their own: `npm run test:faults`.
const exclude = [...configDefaults.exclude, 'test/faults/**'];

export default defineConfig({
  test: {
    globalSetup: ['test/postgres.ts', 'test/migrated-postgres.ts', 'test/built-program.ts'],
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'together',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts'],
          exclude: [...exclude, ...alone],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          // Nothing happens at import time, so files can share the modules of a worker: importing was half of the work.
          isolate: false,
        },
      },
      { test: { name: 'alone', include: alone, testTimeout: 30_000, hookTimeout: 60_000 } },
    ],
  },
});
