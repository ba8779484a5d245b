import { CompiledQuery } from 'kysely'
import type { MigrationRules, RunQuery } from '../sql/dialect.ts'
import { nameWithout } from '../sql/table-names.ts'
import type { TableNames } from '../sql/table-names.ts'
import { BusyError, isMissingTable } from './errors.ts'

/** How long (s) a migration waits for another one. */
const TIMEOUT = 2

/** How long (s) it waits for the transactions that use a table: requests wait behind it. The least that MySQL accepts. */
const TABLE_TIMEOUT = 1

/** How long (ms) requests use the tables before it tries again. */
const PAUSE = 5_000

/** Names of locks have at most 64 characters. MySQL 9.6 has removed `sha1` and `md5`. */
const LOCK = 'sha2(concat(database(), ?), 224)'

/**
 * How MySQL and MariaDB change their tables: each statement commits, so a process that is killed leaves what it has created.
 * Locks belong to the server, not to a database.
 */
export const createMigrationRules = (names: TableNames): MigrationRules => {
  const lockName = `.${names.prefix} migrations`
  return {
    async lock(run) {
      const query = raw<{ locked: unknown }>(`select get_lock(${LOCK}, ?) as locked`, [lockName, TIMEOUT])
      const [row] = await run(query)
      if (Number(row?.locked) !== 1) throw new BusyError('Another process migrates the database')
      await run(raw('set @consulate_lock_wait_timeout = @@session.lock_wait_timeout'))
      await run(raw(`set session lock_wait_timeout = ${TABLE_TIMEOUT}`))
    },
    async unlock(run) {
      // What was recorded must be visible to the next process.
      await run(raw('commit'))
      await run(raw('set session lock_wait_timeout = @consulate_lock_wait_timeout'))
      await run(raw(`select release_lock(${LOCK})`, [lockName]))
    },
    pause: PAUSE,
    listExisting: (run) => listExisting(run, names),
    isMissingTable,
    script: { command: 'mysql DATABASE < SCRIPT', begin: [], end: [] },
  }
}

const raw = <Row>(sql: string, parameters: unknown[] = []): CompiledQuery<Row> =>
  CompiledQuery.raw(sql, parameters)

interface Existing {
  readonly owner: string
  readonly part: string | null
}

const EXISTING = `
  select table_name as owner, null as part from information_schema.tables where table_schema = database()
  union all select table_name, column_name from information_schema.columns where table_schema = database()
  union all select distinct table_name, index_name from information_schema.statistics where table_schema = database()`

async function listExisting(run: RunQuery, names: TableNames): Promise<ReadonlySet<string>> {
  const rows = await run(raw<Existing>(EXISTING))
  return new Set(
    rows.flatMap(({ owner, part }) => {
      const table = nameWithout(names, owner)
      if (table === undefined) return []
      return part === null ? [table] : [`${table}.${part}`, `${table}.${nameWithout(names, part) ?? part}`]
    }),
  )
}
