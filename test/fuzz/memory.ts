import { setImmediate } from 'node:timers/promises'
import type { Memory } from './job.ts'

/** Bytes. A round that collects less is the last one. */
const MIN_COLLECTED = 100_000

/** Collects garbage and measures memory. Throws without `--expose-gc`. */
export async function measureMemory(): Promise<Memory> {
  if (!globalThis.gc) throw new Error('Run it with --expose-gc.')
  // Weak references and the like are only collected in the next round.
  for (let [round, before] = [0, Infinity]; round < 4; round += 1) {
    await setImmediate()
    globalThis.gc()
    const { heapUsed } = process.memoryUsage()
    if (before - heapUsed < MIN_COLLECTED) break
    before = heapUsed
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: heapUsed + external, resident: rss }
}
