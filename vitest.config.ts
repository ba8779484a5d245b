import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { FailuresLast } from './test/support/failures-last.ts'

/** Files that take minutes in CI start first. Otherwise one of them runs alone in the end. */
const SLOW =
  /test\/(fuzz\/endpoints|package\/init|site\/site|faults\/(webhooks|kill)|store\/contract)\.test\.ts$/

class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isSlow = ({ moduleId }: TestSpecification): boolean => SLOW.test(moduleId)
    return sorted.toSorted((left, right) => Number(isSlow(right)) - Number(isSlow(left)))
  }
}

export default defineConfig({
  resolve: { conditions: ['consulate-source'] },
  ssr: { resolve: { conditions: ['consulate-source'] } },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/support/temporary-folder.ts',
    testTimeout: 120_000,
    hookTimeout: 300_000,
    teardownTimeout: 60_000,
    pool: 'forks',
    // Files of a worker share the modules they import. Loading those for each file took a third of the CPU time.
    isolate: false,
    restoreMocks: true,
    maxWorkers: 3,
    reporters: [new FailuresLast()],
    sequence: { sequencer: SlowFirst },
  },
})
