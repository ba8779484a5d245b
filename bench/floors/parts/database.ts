import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** The number of authorizations in the table before the first request. */
export const ROWS = 10_000

/** A deterministic ID of realistic length, in no particular sort order. */
export const idOf = (number: number): string =>
  Buffer.from(String(number * 2_654_435_761).padStart(16, '0')).toString('base64url')

/** Creates an SQLite file in the temporary folder with `ROWS` authorizations and no codes: WAL, synchronous NORMAL. */
export function openDatabase() {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  const database = new DatabaseSync(join(folder, 'floor.db'))
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
  database.exec(TABLES)
  const insert = database.prepare(INSERT_AUTHORIZATION)
  database.exec('BEGIN')
  for (let number = 0; number < ROWS; number++) insert.run(idOf(number), ...authorization())
  database.exec('COMMIT')
  return { database, remove: () => remove(database, folder) }
}

/** Inserts an authorization. Parameters: its ID, then the values of `authorization()`. */
export const INSERT_AUTHORIZATION = `
  INSERT INTO authorization
    (id, client_id, user_id, session_id, scopes, seed_hash, generation, last_used_at, expires_at, access_expires_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

/** The values of a new authorization, without its ID. */
export function authorization() {
  const now = Date.now()
  const ids = ['1d0f2b6e-reports', '4711', 's'.repeat(22)]
  return [...ids, 'orders:read', 'h'.repeat(43), 0, now, now + 30 * 86_400_000, now + 3_600_000]
}

const TABLES = `
  CREATE TABLE authorization (
    id TEXT PRIMARY KEY, client_id TEXT, user_id TEXT, session_id TEXT, scopes TEXT, seed_hash TEXT,
    generation INTEGER, last_used_at INTEGER, expires_at INTEGER, access_expires_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE code (
    code TEXT PRIMARY KEY, authorization_id TEXT, client_id TEXT, user_id TEXT, redirect_uri TEXT,
    scopes TEXT, code_challenge TEXT, expires_at INTEGER, spent_at INTEGER
  ) STRICT, WITHOUT ROWID`

function remove(database: DatabaseSync, folder: string): void {
  database.close()
  rmSync(folder, { recursive: true })
}
