import { setImmediate } from 'node:timers/promises'
import type { Memory } from './order.ts'

/** What is in use once everything that can be collected is. Throws without `--expose-gc`. */
export async function measureMemory(): Promise<Memory> {
  if (!globalThis.gc) throw new Error('Run it with --expose-gc.')
  // What is freed by one round, such as weak references, frees more in the next.
  for (let round = 0; round < 4; round += 1) {
    await setImmediate()
    globalThis.gc()
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: heapUsed + external, resident: rss }
}
