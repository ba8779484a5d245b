/**
 * `npm run bench:growth -- expiry-index --database postgres`: what an index costs a refresh, if it is on the expiration that
 * each refresh changes, and if it is on the time of the next look of a purge, which none changes.
 */
import { statSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { align } from '../report.ts'
import { openDatabase, parseDatabase, type BenchDatabase } from './database.ts'
import { fill } from './fill.ts'

const OPTIONS = {
  database: { type: 'string', default: 'sqlite' },
  rows: { type: 'string', default: '200000' },
  refreshes: { type: 'string', default: '5000' },
} as const
const { values } = parseArgs({ options: OPTIONS })
const refreshes = Number(values.refreshes)

const TABLE = 'consulate_authorizations'
const PURGE_INDEX = `${TABLE}_purge_at_id`

/** Returns how many bytes the database has logged so far. */
async function loggedBytes({ name, location, query }: BenchDatabase): Promise<number> {
  if (name === 'sqlite') return statSync(`${location}-wal`).size
  const [row] = await query(
    name === 'postgres'
      ? `SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') AS bytes`
      : `SELECT variable_value AS bytes FROM information_schema.global_status WHERE variable_name = 'Innodb_os_log_written'`,
  )
  return Number(row?.['bytes'])
}

async function prepareLog({ name, query }: BenchDatabase): Promise<void> {
  if (name === 'sqlite') {
    await query('PRAGMA wal_autocheckpoint = 0')
    await query('PRAGMA wal_checkpoint(TRUNCATE)')
  }
  // Otherwise the first change of each page after a checkpoint logs all of it, however small it is.
  if (name === 'postgres') await query('CHECKPOINT')
}

async function measure(database: BenchDatabase, ids: readonly string[]) {
  await prepareLog(database)
  const [bytes, start] = [await loggedBytes(database), performance.now()]
  for (const [index, id] of ids.entries()) {
    const time = Date.now() + 30 * 86_400_000 + index
    await database.query(
      `UPDATE ${TABLE} SET generation = generation + 1, last_used_at = ${time}, expires_at = ${time},
        access_expires_at = ${time} WHERE id = '${id}'`,
    )
  }
  const [duration, logged] = [performance.now() - start, (await loggedBytes(database)) - bytes]
  return [(logged / ids.length).toFixed(0), ((duration * 1000) / ids.length).toFixed(0)]
}

const database = await openDatabase(parseDatabase(values.database))
try {
  await fill(database, { [TABLE]: { rows: Number(values.rows), old: 0 } })
  const rows = await database.query(`SELECT id FROM ${TABLE} WHERE id <> 'azn' LIMIT ${refreshes * 3}`)
  const ids = rows.map(({ id }) => String(id))
  const share = (part: number): readonly string[] => ids.filter((_, index) => index % 3 === part)
  const on = database.name === 'mariadb' ? ` ON ${TABLE}` : ''
  const withPurgeTime = await measure(database, share(0))
  await database.query(`DROP INDEX ${PURGE_INDEX}${on}`)
  const without = await measure(database, share(1))
  await database.query(`CREATE INDEX bench_expiry ON ${TABLE} (expires_at, id)`)
  const withExpiry = await measure(database, share(2))
  console.log(
    [
      `${database.name}, ${refreshes.toLocaleString('en')} refreshes of ${Number(values.rows).toLocaleString('en')} authorizations`,
      ...align([
        ['', 'log bytes', 'µs'],
        ['no index for the purge', ...without],
        ['index on purge_at', ...withPurgeTime],
        ['index on expires_at', ...withExpiry],
      ]),
    ].join('\n'),
  )
} finally {
  await database.stop()
}
