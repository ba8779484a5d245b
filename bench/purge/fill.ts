import { DatabaseSync } from 'node:sqlite'
import type { Store } from '../../src/index.ts'
import { ZERO_EPOCHS } from '../../src/model/epochs.ts'
import { sampleEntry } from '../../src/testing/store/audit.ts'
import {
  NOW,
  sampleAuthorization,
  sampleCode,
  sampleDeviceCode,
  samplePasswordReset,
  signIn,
} from '../../src/testing/store/samples.ts'

const DAY = 86_400_000

/** Random text of the length of an ID and of a hash: rows are inserted all over the indexes, as those of a server. */
const ID = 'substr(lower(hex(randomblob(11))), 1, 22)'
const HASH = 'substr(lower(hex(randomblob(22))), 1, 43)'

/** One row in four was revoked or used before it expired. */
const ENDED = 'CASE WHEN i % 4 = 0 AND is_old THEN dead END'

const OWNER = { user_id: `'user ' || (i % 50000)`, client_id: `'client ' || (i % 20)` }
const TIMES = { created_at: 'born', expires_at: 'dead' }
const CODE = { hash: HASH, authorization_id: ID, session_id: ID, ...OWNER, ...TIMES, spent_at: ENDED }

/** The share of each table in all rows, and the columns in which its rows differ from a sample. */
const TABLES: Readonly<
  Record<string, { readonly share: number; readonly columns: Readonly<Record<string, string>> }>
> = {
  consulate_authorizations: {
    share: 0.4,
    columns: {
      id: ID,
      session_id: ID,
      seed_hash: HASH,
      ...OWNER,
      ...TIMES,
      last_used_at: 'born',
      access_expires_at: 'dead',
      purge_at: 'dead',
      revoked_at: ENDED,
    },
  },
  consulate_sessions: {
    share: 0.25,
    columns: {
      id: ID,
      cookie_hash: HASH,
      user_id: OWNER.user_id,
      ...TIMES,
      last_seen_at: 'born',
      authenticated_at: 'born',
      purge_at: 'dead',
      revoked_at: ENDED,
    },
  },
  consulate_codes: { share: 0.2, columns: CODE },
  consulate_device_codes: { share: 0.03, columns: { ...CODE, user_code_hash: HASH } },
  consulate_password_resets: {
    share: 0.02,
    columns: { hash: HASH, user_id: OWNER.user_id, ...TIMES, spent_at: ENDED },
  },
  consulate_revocations: { share: 0.05, columns: { subject: ID, expires_at: 'dead' } },
  consulate_audit: { share: 0.05, columns: { created_at: 'born' } },
}

/**
 * Fills the tables with this many rows in all. One in ten is in use. The others expired, or were revoked or used, one to
 * thirty weeks ago: a purge deletes them. Writes directly to the database, because the server would wait for the disk
 * after each row.
 */
export async function fillTables(store: Store, file: string, rows: number): Promise<void> {
  await insertSamples(store)
  const database = new DatabaseSync(file)
  // The indexes are larger than SQLite's default cache of 2 MB.
  database.exec('PRAGMA busy_timeout = 5000; PRAGMA synchronous = OFF; PRAGMA cache_size = -100000')
  for (const [table, { share, columns }] of Object.entries(TABLES))
    copySample(database, table, columns, Math.round(rows * share))
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  database.close()
}

/** Inserts one row of each kind. */
async function insertSamples(store: Store): Promise<void> {
  await signIn(store)
  await store.authorizations.insert(sampleAuthorization(), 'alice')
  await store.codes.insert(sampleCode(), 'alice')
  await store.deviceCodes.insert(sampleDeviceCode())
  await store.passwordResets.insert(
    samplePasswordReset(),
    { subject: 'alice', epochs: ZERO_EPOCHS },
    { maximum: 1, since: 0 },
  )
  await store.revocations.revoke({ kind: 'authorization', id: sampleAuthorization().id }, NOW)
  await store.audit.insert([sampleEntry()])
}

/** `i` is the number of the copy, `born` when it was created, and `dead` when it expires. */
function copySample(
  database: DatabaseSync,
  table: string,
  columns: Readonly<Record<string, string>>,
  count: number,
): void {
  const names = database
    .prepare('SELECT name FROM pragma_table_info(?)')
    .all(table)
    .map(({ name }) => String(name))
    .filter((name) => name !== 'id' || 'id' in columns)
  const values = names.map((name) => columns[name] ?? `sample.${name}`)
  database
    .prepare(`
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?),
        ages(i, is_old) AS (SELECT i, i % 10 > 0 FROM n),
        births(i, is_old, born) AS (SELECT i, is_old, ? - is_old * (8 + i % 200) * ${DAY} FROM ages),
        copies(i, is_old, born, dead) AS (SELECT i, is_old, born, born + (1 - is_old) * 30 * ${DAY} FROM births)
      INSERT INTO ${table} (${names.join(', ')})
      SELECT ${values.join(', ')} FROM copies JOIN (SELECT * FROM ${table} LIMIT 1) AS sample`)
    .run(count, Date.now())
}
