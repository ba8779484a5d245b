import { defineConfig } from 'vitest/config'
import { FailuresLast } from './test/support/failures-last.ts'
import { SlowFirst } from './test/support/slow-first.ts'

export default defineConfig({
  resolve: { conditions: ['consulate-source'] },
  ssr: { resolve: { conditions: ['consulate-source'] } },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/support/temporary-folder.ts',
    setupFiles: 'test/support/remembered-hashes.ts',
    // Only to end what hangs: a busy machine is no failure.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    teardownTimeout: 60_000,
    expect: { poll: { timeout: 120_000 } },
    pool: 'forks',
    // Files of a worker share the modules they import. Loading those for each file took a third of the CPU time.
    isolate: false,
    restoreMocks: true,
    maxWorkers: 3,
    reporters: [new FailuresLast()],
    sequence: { sequencer: SlowFirst },
  },
})
