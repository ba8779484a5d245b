import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['consulate-source'] },
  ssr: { resolve: { conditions: ['consulate-source'] } },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
  },
})
