import { closeSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** The path that stands for a database in memory. */
export const MEMORY = ':memory:'

/** How long (ms) SQLite itself waits for a lock. It blocks the whole process meanwhile, so it is next to nothing. */
const BLOCKING_WAIT = 2

/** A database that is open, and which file it is. */
export interface OpenFile {
  readonly database: DatabaseSync
  /** Whether the file is still the one at its path: not deleted, not replaced. */
  isInPlace(): boolean
}

/** Opens a database file. `create` makes it and its folder, for nobody but the owner of the process; else it must exist. */
export function openFile(path: string, create: boolean): OpenFile {
  if (path === MEMORY) return { database: openDatabase(path), isInPlace: () => true }
  if (create) mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  // Made here and not by SQLite, which would leave its mode to the umask. What SQLite adds (-wal, -shm) takes it over.
  closeSync(openSync(path, create ? 'a' : 'r+', 0o600))
  const database = openDatabase(path)
  const { ino } = statSync(path)
  return { database, isInPlace: untilNextTurn(() => statSync(path, { throwIfNoEntry: false })?.ino === ino) }
}

/** Keeps an answer while code runs that waits for nothing from outside: the queries of a request follow at once. */
function untilNextTurn(look: () => boolean): () => boolean {
  let answer: boolean | undefined
  const forget = (): void => {
    answer = undefined
  }
  return () => {
    if (answer === undefined) process.nextTick(forget)
    answer ??= look()
    return answer
  }
}

function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: BLOCKING_WAIT })
  try {
    database.exec('pragma journal_mode = wal; pragma synchronous = normal')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}
