import { CompiledQuery } from 'kysely'
import { ConfigError } from '../../errors.ts'
import type { Run } from '../sql/dialect.ts'
import type { MysqlConnection } from './driver.ts'

/** How long (s) MySQL, which has no limit for idle transactions, keeps a connection without queries. */
const MAX_IDLE_TIME = 60

/**
 * Prepares a session that belongs to the store. Each brand ignores the comments of the other one. A process that freezes
 * within a transaction loses it before others have waited too long for its locks.
 */
export async function prepareOwnSession(run: Run, busyTimeout: number): Promise<void> {
  const waiting = Math.max(Math.ceil(busyTimeout / 1000), 1)
  const idling = Math.max(Math.ceil(busyTimeout / 2000), 1)
  await run(CompiledQuery.raw('set session transaction isolation level read committed'))
  await run(
    CompiledQuery.raw(`set session sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', autocommit = 1,
      innodb_lock_wait_timeout = ${waiting}, lock_wait_timeout = ${waiting}
      /*M!100300 , idle_transaction_timeout = ${idling} */ /*!80000 , wait_timeout = ${MAX_IDLE_TIME} */`),
  )
}

/** The settings of a session. Those of an app that shares its pool are left alone, but not all of them are safe. */
interface Settings {
  readonly sql_mode: string
  readonly autocommit: unknown
  readonly charset: string
}

/** CLIENT_FOUND_ROWS: an update counts the rows that it finds, even if it changes nothing in them. */
const FOUND_ROWS = 2

/** @throws ConfigError if a session that belongs to the app could truncate text, lose commits or miscount rows */
export async function checkSession(run: Run, { config }: MysqlConnection): Promise<void> {
  const { rows } = await run(
    CompiledQuery.raw(
      'select @@sql_mode as sql_mode, @@autocommit as autocommit, @@character_set_connection as charset',
    ) as CompiledQuery<Settings>,
  )
  const problems = rows.flatMap(({ sql_mode: mode, autocommit, charset }) => [
    ...(/STRICT_(ALL|TRANS)_TABLES/.test(mode) ? [] : ['must have a strict sql_mode (STRICT_TRANS_TABLES)']),
    ...(Number(autocommit) === 1 ? [] : ['must have autocommit on']),
    ...(charset === 'utf8mb4' ? [] : ['must have the charset utf8mb4']),
  ])
  const flags = config && 'clientFlags' in config ? Number(config.clientFlags) : FOUND_ROWS
  if ((flags & FOUND_ROWS) === 0) problems.push('must not have the flag -FOUND_ROWS')
  if (problems.length > 0) throw new ConfigError(problems.map((message) => ({ path: 'mysql.pool', message })))
}
