import { open } from 'node:fs/promises'
import { CommandError } from '../errors.ts'
import type { PassportSource } from './rows.ts'

const URL_HELP =
  'To import from a database server, write a dump and pass its path: ' +
  '`mysqldump --single-transaction mydatabase > passport.sql`, or `pg_dump mydatabase > passport.sql`.'

/**
 * Opens a SQLite file or a dump.
 *
 * @throws CommandError if there is no such file, or if it is the URL of a database
 */
export async function openSource(from: string): Promise<PassportSource> {
  if (/^(?:mysql|mariadb|postgres|postgresql):/i.test(from)) throw new CommandError(URL_HELP)
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
