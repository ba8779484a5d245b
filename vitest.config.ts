import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['consulate-source'] },
  ssr: { resolve: { conditions: ['consulate-source'] } },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
})
