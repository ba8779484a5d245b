import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

/** What a part of `memory.ts` has found out, as one line of JSON on its standard output. */
export interface Finding {
  readonly what: string
  /** How many there were. */
  readonly count: number
  /** Bytes on the heap, and beside it in buffers, by which the process grew. */
  readonly heap: number
  /** Bytes by which the database file grew; undefined where nothing is written. */
  readonly disk?: number
}

/** Bytes that are alive on the heap, and beside it in buffers. Needs `--expose-gc`. */
export function aliveBytes(): number {
  if (!globalThis.gc) throw new Error('start it with --expose-gc, as `npm run bench:memory` does')
  // What the first leaves behind for finalizers, the second takes.
  globalThis.gc()
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** The size of a SQLite file with all that was written to it. */
export function fileBytes(file: string): number {
  const database = new DatabaseSync(file)
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  database.close()
  return statSync(file).size
}

/** Tells the parent. */
export const tell = (finding: Finding): void => console.log(JSON.stringify(finding))
