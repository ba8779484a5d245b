import { setImmediate } from 'node:timers/promises'
import type { Memory } from './job.ts'

/** Collects garbage and measures memory. Throws without `--expose-gc`. */
export async function measureMemory(): Promise<Memory> {
  if (!globalThis.gc) throw new Error('Run it with --expose-gc.')
  // Weak references and the like are only collected in the next round.
  for (let round = 0; round < 4; round += 1) {
    await setImmediate()
    globalThis.gc()
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: heapUsed + external, resident: rss }
}
