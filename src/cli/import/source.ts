import { open } from 'node:fs/promises'
import { CommandError } from '../errors.ts'
import { isDatabaseUrl } from './database-url.ts'
import type { PassportSource } from './rows.ts'

/**
 * Opens a database server by its URL, a SQLite file, or a dump.
 *
 * @throws CommandError if it cannot be opened
 */
export async function openSource(from: string): Promise<PassportSource> {
  if (isDatabaseUrl(from)) return (await import('./database-source.ts')).openDatabase(from)
  const path = from.replace(/^sqlite:(?:\/\/)?/, '')
  if (await isSqlite(path)) return (await import('./sqlite-source.ts')).openSqliteSource(path)
  return (await import('./dump-source.ts')).openDump(path)
}

const SQLITE = 'SQLite format 3\0'

async function isSqlite(path: string): Promise<boolean> {
  const file = await open(path).catch((cause: Error) => {
    throw new CommandError(`Cannot read ${path}: ${cause.message}`)
  })
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(SQLITE.length), 0, SQLITE.length, 0)
    return buffer.toString('latin1', 0, bytesRead) === SQLITE
  } finally {
    await file.close()
  }
}
