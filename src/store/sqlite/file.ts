import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'

/** The path of an in-memory database. */
export const MEMORY = ':memory:'

/** How long (ms) SQLite itself waits for a lock. It blocks the process meanwhile, so the store waits by retrying. */
const BLOCKING_TIMEOUT = 2

/**
 * Pages in the log (4 KiB each) after which a commit writes them back to the file, which blocks the process for tens of
 * milliseconds. More than SQLite's 1000, so that the thread of a purge, which writes most of them, comes first.
 */
const CHECKPOINT_PAGES = 4000

/** An open database file. */
export interface OpenFile {
  readonly database: DatabaseSync
  /** Returns whether the file is still at its path, neither deleted nor replaced. */
  isInPlace(): boolean
}

/** Opens a database file. With `create`, creates a missing file and folder that only the owner of the process can read. */
export function openFile(path: string, create: boolean): OpenFile {
  if (path === MEMORY) return { database: openDatabase(path), isInPlace: () => true }
  try {
    return openOnDisk(path, create)
  } catch (error) {
    throw describeFileError(error, path)
  }
}

function openOnDisk(path: string, create: boolean): OpenFile {
  if (create) mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  // SQLite would create the file with the mode of the umask. The files that it adds (-wal, -shm) get the mode of this one.
  // An existing file is not opened here: closing it would drop all POSIX locks that this process has on it, and the next
  // process to exit would delete a log that is in use.
  if (create && !existsSync(path)) closeSync(openSync(path, 'a', 0o600))
  accessSync(path, constants.R_OK | constants.W_OK)
  if (statSync(path).isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR', syscall: 'open' })
  const database = openDatabase(path)
  const { ino } = statSync(path)
  return { database, isInPlace: cacheForTick(() => statSync(path, { throwIfNoEntry: false })?.ino === ino) }
}

const notADirectory = (path: string): string => `${dirname(path)} is not a directory`

/** Errors of the file system, by their code. */
const REASONS: Readonly<Record<string, (path: string) => string>> = {
  EACCES: (path) =>
    `this account may not read and write ${path}. Change the owner or the mode of the file and its folder`,
  EEXIST: notADirectory,
  EISDIR: (path) => `${path} is a directory. Name a file in it, such as ${join(path, 'consulate.db')}`,
  ENOTDIR: notADirectory,
  EROFS: (path) => `${path} is on a file system that is read-only`,
}

/** Says in plain words why a file cannot be opened. */
function describeFileError(error: unknown, path: string): unknown {
  const { code = '', syscall } = error as NodeJS.ErrnoException
  const reason = Object.hasOwn(REASONS, code) ? REASONS[code]?.(path) : undefined
  if (syscall === undefined || reason === undefined) return error
  return Object.assign(new Error(reason, { cause: error }), { code, syscall })
}

/** Caches a check until the event loop moves on, because the queries of a request follow each other immediately. */
function cacheForTick(check: () => boolean): () => boolean {
  let result: boolean | undefined
  const forget = (): void => {
    result = undefined
  }
  return () => {
    if (result === undefined) process.nextTick(forget)
    result ??= check()
    return result
  }
}

function openDatabase(path: string): DatabaseSync {
  // A static import would fail on an old Node before the version check can say why.
  const sqlite = process.getBuiltinModule('node:sqlite')
  const database = new sqlite.DatabaseSync(path, { timeout: BLOCKING_TIMEOUT })
  try {
    database.exec(
      `pragma journal_mode = wal; pragma synchronous = normal; pragma wal_autocheckpoint = ${CHECKPOINT_PAGES}`,
    )
    return database
  } catch (error) {
    database.close()
    throw error
  }
}
