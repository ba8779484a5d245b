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
/** For how long (ms) a purge keeps rows, and some minutes more. */
const OLDEST_KEPT = 7 * DAY + 600_000
const SCATTER = 2 ** 24
/** Rows per statement, so that no transaction is too large. */
const PER_STATEMENT = 500_000

/** How a database makes rows, and makes them fast. */
interface Dialect {
  /** At least 43 random characters. */
  readonly random: string
  /** `i` with ten digits. */
  readonly digits: string
  /** Selects `i` from `first` to `last`. */
  readonly series: (first: number, last: number) => string
  /** Prepares the connection. */
  readonly before: string
  /** Undoes that, and updates the statistics. */
  readonly after: readonly string[]
}

const DIALECTS: Readonly<Record<DatabaseName, Dialect>> = {
  sqlite: {
    random: 'hex(randomblob(22))',
    digits: `printf('%010d', i)`,
    series: (first, last) =>
      `WITH RECURSIVE n(i) AS (SELECT ${first} UNION ALL SELECT i + 1 FROM n WHERE i < ${last}) SELECT i FROM n`,
    // Otherwise every page is written twice, to the log and to the file.
    before: 'PRAGMA journal_mode = MEMORY',
    after: ['PRAGMA journal_mode = WAL'],
  },
  postgres: {
    random: 'concat(md5(random()::text), md5(random()::text))',
    digits: `lpad(i::text, 10, '0')`,
    series: (first, last) => `SELECT i FROM generate_series(${first}::bigint, ${last}) AS i`,
    before: `SET maintenance_work_mem = '1GB'`,
    after: ['VACUUM ANALYZE', 'CHECKPOINT'],
  },
  mariadb: {
    random: 'sha2(concat(rand(), i), 256)',
    digits: `lpad(i, 10, '0')`,
    series: (first, last) => `SELECT seq AS i FROM seq_${first}_to_${last}`,
    before: 'SET unique_checks = 0',
    after: ['SET unique_checks = 1', 'FLUSH ENGINE LOGS'],
  },
}

/** The columns in which rows differ from a sample, as expressions of `i`, `born` (created) and `dead` (expires). */
type Columns = Readonly<Record<string, string>>

function columnsOf({ random, digits }: Dialect): Readonly<Record<string, Columns>> {
  const [id, hash] = [`substr(${random}, 1, 22)`, `substr(${random}, 1, 43)`]
  // Primary keys grow, because inserting millions at random places of an index takes ten times as long. A purge visits them
  // at random all the same: the times of the rows are scattered.
  const key = (length: number): string => `concat(${digits}, substr(${random}, 1, ${length - 10}))`
  // One row in four was revoked or used before it expired.
  const ended = 'CASE WHEN i % 4 = 0 AND is_old = 1 THEN dead END'
  const owner = { user_id: `concat('user ', i % 50000)`, client_id: `concat('client ', i % 20)` }
  const times = { created_at: 'born', expires_at: 'dead' }
  const code = { hash: key(43), authorization_id: id, session_id: id, ...owner, ...times, spent_at: ended }
  return {
    consulate_authorizations: {
      id: key(22),
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
      id: key(22),
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
    consulate_password_resets: { hash: key(43), user_id: owner.user_id, ...times, spent_at: ended },
    consulate_revocations: { subject: id, expires_at: 'dead' },
    consulate_audit: { created_at: 'born' },
  }
}

/** How many rows a table gets, and which of them may be deleted. */
export interface Portion {
  readonly rows: number
  /** How many in a hundred may be deleted. */
  readonly old: number
  /** For how long (ms) the oldest could have been deleted by a purge. Default: 29 weeks. */
  readonly backlog?: number
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

/** Fills all tables that a purge reads. */
export async function fillAll(database: BenchDatabase, { rows, ...portion }: Portion): Promise<void> {
  const portions = Object.entries(SHARES).map(([table, share]) => [
    table,
    { rows: Math.round(rows * share), ...portion },
  ])
  await fill(database, Object.fromEntries(portions) as Record<string, Portion>)
}

/**
 * Fills tables. Old rows expired, or were revoked or used, a week ago or earlier. Writes directly to the database, because a
 * server would wait for the disk after each row.
 */
export async function fill(
  database: BenchDatabase,
  portions: Readonly<Record<string, Portion>>,
): Promise<void> {
  const store = await openStore(database.name, database.location)
  await insertSamples(store)
  await store.close()
  const { before, after } = DIALECTS[database.name]
  await database.query(before)
  for (const [table, portion] of Object.entries(portions)) {
    const indexes = portion.rows > PER_STATEMENT ? await dropIndexes(database, table) : []
    await copySample(database, table, portion)
    for (const statement of indexes) await database.query(statement)
  }
  for (const statement of after) await database.query(statement)
}

/**
 * Drops the indexes of a table, and returns the statements that create them. Building an index of millions of random entries
 * at once takes a tenth of the time, and its pages are fuller.
 */
async function dropIndexes({ name, query }: BenchDatabase, table: string): Promise<readonly string[]> {
  if (name === 'mariadb') {
    const [row] = await query(`SHOW CREATE TABLE ${table}`)
    const keys = [...String(row?.['Create Table']).matchAll(/^ *((?:UNIQUE )?KEY (`\w+`) .*?),?$/gm)]
    if (keys.length === 0) return []
    await query(`ALTER TABLE ${table} ${keys.map(([, , key]) => `DROP KEY ${key}`).join()}`)
    return [`ALTER TABLE ${table} ${keys.map(([, key]) => `ADD ${key}`).join()}`]
  }
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

async function copySample(
  database: BenchDatabase,
  table: string,
  { rows, old, backlog = 203 * DAY }: Portion,
): Promise<void> {
  const dialect = DIALECTS[database.name]
  const columns = columnsOf(dialect)[table] ?? {}
  const names = (await database.query(database.columnsOf(table)))
    .map(({ name }) => String(name))
    .filter((name) => name !== 'id' || 'id' in columns)
  const values = names.map((name) => columns[name] ?? `sample.${name}`).join(', ')
  const now = Date.now()
  // Scatters 1, 2, 3 … over the backlog: a product of an odd number, modulo a power of two, is different for each.
  const age = `(i * 10368889 % ${SCATTER} * ${Math.ceil(backlog / SCATTER)} % ${backlog})`
  for (let first = 1; first <= rows; first += PER_STATEMENT) {
    const last = Math.min(first + PER_STATEMENT - 1, rows)
    await database.query(`
      INSERT INTO ${table} (${names.join(', ')})
      SELECT ${values} FROM (
        SELECT i, is_old, born, CASE WHEN is_old = 1 THEN born ELSE born + ${30 * DAY} END AS dead FROM (
          SELECT i, is_old, ${now} - is_old * (${OLDEST_KEPT} + ${age}) AS born FROM (
            SELECT i, CASE WHEN i % 100 < ${old} THEN 1 ELSE 0 END AS is_old FROM (${dialect.series(first, last)}) AS n
          ) AS ages
        ) AS births
      ) AS copies CROSS JOIN (SELECT * FROM ${table} LIMIT 1) AS sample`)
  }
}
