import { setImmediate } from 'node:timers/promises'
import type { Memory } from './job.ts'

/** How often to collect garbage after a number of requests. Each time takes longer than 50 requests. */
export const roundsFor = (requests: number): number => (requests < 1_000 ? 1 : 4)

/** Bytes. A round that collects less is the last one. */
const MIN_COLLECTED = 100_000

/**
 * Collects garbage and measures memory. Weak references and the like are only collected in the next of several rounds: a run
 * of few requests leaves too few of them to matter. Throws without `--expose-gc`.
 */
export async function measureMemory(rounds: number): Promise<Memory> {
  if (!globalThis.gc) throw new Error('Run it with --expose-gc.')
  for (let [round, before] = [0, Infinity]; round < rounds; round += 1) {
    await setImmediate()
    globalThis.gc()
    const { heapUsed } = process.memoryUsage()
    if (before - heapUsed < MIN_COLLECTED) break
    before = heapUsed
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: heapUsed + external, resident: rss }
}
