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
import { openStore, type BenchDatabase, type DatabaseName } from './database.ts'

const DAY = 86_400_000
/** Rows per statement, so that no transaction is too large. */
const PER_STATEMENT = 500_000

/** How a database makes rows. IDs and hashes are random: rows are inserted all over the indexes, as those of a server. */
interface Dialect {
  readonly id: string
  readonly hash: string
  /** Selects `i` from `first` to `last`. */
  readonly series: (first: number, last: number) => string
}

const DIALECTS: Readonly<Record<DatabaseName, Dialect>> = {
  sqlite: {
    id: 'substr(lower(hex(randomblob(11))), 1, 22)',
    hash: 'substr(lower(hex(randomblob(22))), 1, 43)',
    series: (first, last) =>
      `WITH RECURSIVE n(i) AS (SELECT ${first} UNION ALL SELECT i + 1 FROM n WHERE i < ${last}) SELECT i FROM n`,
  },
  postgres: {
    id: 'substr(md5(concat(random(), i)), 1, 22)',
    hash: 'substr(concat(md5(concat(random(), i)), md5(random()::text)), 1, 43)',
    series: (first, last) => `SELECT i FROM generate_series(${first}::bigint, ${last}) AS i`,
  },
  mariadb: {
    id: 'substr(md5(concat(rand(), i)), 1, 22)',
    hash: 'substr(sha2(concat(rand(), i), 256), 1, 43)',
    series: (first, last) => `SELECT seq AS i FROM seq_${first}_to_${last}`,
  },
}

/** The columns in which rows differ from a sample, as expressions of `i`, `born` (created) and `dead` (expires). */
type Columns = Readonly<Record<string, string>>

function columnsOf({ id, hash }: Dialect): Readonly<Record<string, Columns>> {
  // One row in four was revoked or used before it expired.
  const ended = 'CASE WHEN i % 4 = 0 AND is_old = 1 THEN dead END'
  const owner = { user_id: `concat('user ', i % 50000)`, client_id: `concat('client ', i % 20)` }
  const times = { created_at: 'born', expires_at: 'dead' }
  const code = { hash, authorization_id: id, session_id: id, ...owner, ...times, spent_at: ended }
  return {
    consulate_authorizations: {
      id,
      session_id: id,
      seed_hash: hash,
      ...owner,
      ...times,
      last_used_at: 'born',
      access_expires_at: 'dead',
      purge_at: 'dead',
      revoked_at: ended,
    },
    consulate_sessions: {
      id,
      cookie_hash: hash,
      user_id: owner.user_id,
      ...times,
      last_seen_at: 'born',
      authenticated_at: 'born',
      purge_at: 'dead',
      revoked_at: ended,
    },
    consulate_codes: code,
    consulate_device_codes: { ...code, user_code_hash: hash },
    consulate_password_resets: { hash, user_id: owner.user_id, ...times, spent_at: ended },
    consulate_revocations: { subject: id, expires_at: 'dead' },
    consulate_audit: { created_at: 'born' },
  }
}

/** How many rows a table gets, and how many in a hundred of them may be deleted. */
export interface Portion {
  readonly rows: number
  readonly old: number
}

/** The shares of the tables in a database that was never purged. */
export const SHARES: Readonly<Record<string, number>> = {
  consulate_authorizations: 0.4,
  consulate_sessions: 0.25,
  consulate_codes: 0.2,
  consulate_device_codes: 0.03,
  consulate_password_resets: 0.02,
  consulate_revocations: 0.05,
  consulate_audit: 0.05,
}

/** Fills tables with so many rows in all, of which `old` in a hundred may be deleted. */
export async function fillAll(database: BenchDatabase, rows: number, old: number): Promise<void> {
  const portions = Object.entries(SHARES).map(([table, share]) => [
    table,
    { rows: Math.round(rows * share), old },
  ])
  await fill(database, Object.fromEntries(portions) as Record<string, Portion>)
}

/**
 * Fills tables. Old rows expired, or were revoked or used, one to thirty weeks ago. Writes directly to the database, because
 * a server would wait for the disk after each row.
 */
export async function fill(
  database: BenchDatabase,
  portions: Readonly<Record<string, Portion>>,
): Promise<void> {
  const store = await openStore(database.name, database.location)
  await insertSamples(store)
  await store.close()
  for (const [table, portion] of Object.entries(portions)) {
    const indexes = portion.rows > PER_STATEMENT ? await dropIndexes(database, table) : []
    await copySample(database, table, portion)
    for (const statement of indexes) await database.query(statement)
  }
  if (database.name === 'postgres') await database.query('VACUUM ANALYZE')
}

/**
 * Drops the indexes of a table, and returns the statements that create them. Building an index of millions of random entries
 * at once takes a tenth of the time, and its pages are fuller. MariaDB keeps its indexes.
 */
async function dropIndexes({ name, query }: BenchDatabase, table: string): Promise<readonly string[]> {
  if (name === 'mariadb') return []
  const indexes = await query(
    name === 'sqlite'
      ? `SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = '${table}'`
      : `SELECT indexname AS name, indexdef AS sql FROM pg_indexes
          WHERE tablename = '${table}' AND indexdef NOT LIKE '%_primary %' AND indexdef NOT LIKE '%_pkey %'`,
  )
  for (const index of indexes) await query(`DROP INDEX ${String(index['name'])}`)
  return indexes.map(({ sql }) => String(sql))
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
  await store.revocations.revoke({ kind: 'token', jti: 'sample', expiresAt: NOW }, NOW)
  await store.audit.insert([sampleEntry()])
}

async function copySample(database: BenchDatabase, table: string, { rows, old }: Portion): Promise<void> {
  const dialect = DIALECTS[database.name]
  const columns = columnsOf(dialect)[table] ?? {}
  const names = (await database.query(database.columnsOf(table)))
    .map(({ name }) => String(name))
    .filter((name) => name !== 'id' || 'id' in columns)
  const values = names.map((name) => columns[name] ?? `sample.${name}`).join(', ')
  const now = Date.now()
  for (let first = 1; first <= rows; first += PER_STATEMENT) {
    const last = Math.min(first + PER_STATEMENT - 1, rows)
    await database.query(`
      INSERT INTO ${table} (${names.join(', ')})
      SELECT ${values} FROM (
        SELECT i, is_old, born, CASE WHEN is_old = 1 THEN born ELSE born + ${30 * DAY} END AS dead FROM (
          SELECT i, is_old, ${now} - is_old * (8 + i % 200) * ${DAY} + i AS born FROM (
            SELECT i, CASE WHEN i % 100 < ${old} THEN 1 ELSE 0 END AS is_old FROM (${dialect.series(first, last)}) AS n
          ) AS ages
        ) AS births
      ) AS copies CROSS JOIN (SELECT * FROM ${table} LIMIT 1) AS sample`)
  }
}
