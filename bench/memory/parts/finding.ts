import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

/** The result of a part of `memory.ts`, printed as one line of JSON. */
export interface Finding {
  readonly what: string
  /** The number of items. */
  readonly count: number
  /** The growth of heap and buffers in bytes. */
  readonly heap: number
  /** The growth of the database file in bytes; undefined if nothing is stored. */
  readonly disk?: number
}

/** Returns the live bytes in heap and buffers. Needs `--expose-gc`. */
export function aliveBytes(): number {
  if (!globalThis.gc) throw new Error('Run it with --expose-gc, as `npm run bench:memory` does')
  // The second run collects what the finalizers of the first one released.
  globalThis.gc()
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Returns the size of an SQLite file including its log. */
export function fileBytes(file: string): number {
  const database = new DatabaseSync(file)
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  database.close()
  return statSync(file).size
}

/** Prints the result for the parent process. */
export const report = (finding: Finding): void => console.log(JSON.stringify(finding))
