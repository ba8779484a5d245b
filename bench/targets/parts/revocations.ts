import { DatabaseSync } from 'node:sqlite'

/** The number of live revocations. */
export const REVOCATIONS = 1_000_000

/** A kind of revocation that users cause. */
export type CommonKind = 'token' | 'authorization' | 'session' | 'user'

/** Per ten: six authorizations, two sessions, a token and a user. */
const MIX: readonly CommonKind[] = [
  'user',
  'token',
  'session',
  'session',
  ...Array.from({ length: 6 }, () => 'authorization' as const),
]

/**
 * Writes entries that last a day and affect no request, of these kinds in turn. Writes directly to the database, because
 * the server would wait for the disk after each one.
 */
export function insertRevocations(file: string, count: number, kinds: readonly CommonKind[] = MIX): void {
  const database = new DatabaseSync(file)
  // The index is larger than SQLite's default cache of 2 MB.
  database.exec('PRAGMA busy_timeout = 5000; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000')
  const id = 'substr(lower(hex(randomblob(11))), 1, 22)'
  database
    .prepare(`
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?),
        kinds(i, kind) AS (SELECT key, value FROM json_each(?))
      INSERT INTO consulate_revocations (kind, subject, epoch, expires_at)
      SELECT kind, CASE kind WHEN 'token' THEN ${id} || '.' || ${id} ELSE ${id} END, kind = 'user', ?
      FROM n JOIN kinds ON kinds.i = n.i % ?`)
    .run(count, JSON.stringify(kinds), Date.now() + 86_400_000, kinds.length)
  database.close()
}
