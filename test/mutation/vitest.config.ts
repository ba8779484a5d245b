import { defineConfig } from 'vitest/config'

/** The tests that run in one process. Mutants are not active in child processes. */
export default defineConfig({
  resolve: { conditions: ['consulate-source'] },
  ssr: { resolve: { conditions: ['consulate-source'] } },
  test: {
    include: ['test/{adapters,attacks,endpoints,flows,guard,interop,store,unit}/**/*.test.ts'],
    exclude: [
      'test/flows/key-rotation.test.ts',
      'test/guard/alone.test.ts',
      'test/store/sqlite-races.test.ts',
    ],
    globalSetup: 'test/support/temporary-folder.ts',
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    isolate: false,
    restoreMocks: true,
  },
})
