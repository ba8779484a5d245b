import { DatabaseSync } from 'node:sqlite'

/** The number of live revocations. */
export const REVOCATIONS = 1_000_000

/**
 * Writes entries that last a day and affect no request: per ten, six authorizations, two sessions, a token and a user.
 * Writes directly to the database, because the server would wait for the disk after each one.
 */
export function insertRevocations(file: string, count: number): void {
  const database = new DatabaseSync(file)
  // The index is larger than SQLite's default cache of 2 MB.
  database.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -400000')
  database
    .prepare(`
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
      INSERT INTO consulate_revocations (kind, subject, epoch, expires_at)
      SELECT
        CASE i % 10 WHEN 0 THEN 'user' WHEN 1 THEN 'token' WHEN 2 THEN 'session' WHEN 3 THEN 'session' ELSE 'authorization' END,
        CASE i % 10
          WHEN 1 THEN substr(lower(hex(randomblob(11))), 1, 22) || '.' || substr(lower(hex(randomblob(11))), 1, 22)
          ELSE substr(lower(hex(randomblob(11))), 1, 22) END,
        CASE i % 10 WHEN 0 THEN 1 ELSE 0 END,
        ?
      FROM n`)
    .run(count, Date.now() + 86_400_000)
  database.close()
}
