/**
 * `npm run bench:growth -- partitions`: what it takes PostgreSQL to get rid of a day of the audit log, by deleting its rows
 * and by dropping the partition of the day, and what a search by ID costs in a table of so many partitions.
 */
import { parseArgs } from 'node:util'
import { align } from '../report.ts'
import { openDatabase } from './database.ts'

const OPTIONS = {
  rows: { type: 'string', default: '1000000' },
  days: { type: 'string', default: '30' },
} as const
const { values } = parseArgs({ options: OPTIONS })
const [rows, days] = [Number(values.rows), Number(values.days)]
const DAY = 86_400_000

const database = await openDatabase('postgres')
const { query } = database
const number = async (sql: string): Promise<number> => Number(Object.values((await query(sql))[0] ?? {})[0])
const loggedBytes = (): Promise<number> => number(`SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')`)

/** Returns milliseconds and logged bytes of statements. */
async function measure(...statements: readonly string[]) {
  await query('CHECKPOINT')
  const [bytes, start] = [await loggedBytes(), performance.now()]
  for (const statement of statements) await query(statement)
  const duration = performance.now() - start
  return [duration.toFixed(0), (((await loggedBytes()) - bytes) / 2 ** 20).toFixed(1)]
}

const SELECT = `SELECT i, substr(md5(random()::text), 1, 22), i * ${days * DAY} / ${rows}, repeat('x', 200)
  FROM generate_series(1::bigint, ${rows}) AS i`
const COLUMNS = 'number bigint, id text, created_at bigint, detail text'

async function searchTime(
  table: string,
  column: string,
  value: (row: Readonly<Record<string, unknown>>) => string,
) {
  const samples = await query(`SELECT id, created_at FROM ${table} LIMIT 300`)
  const start = performance.now()
  for (const sample of samples) await query(`SELECT detail FROM ${table} WHERE ${column} = ${value(sample)}`)
  return (((performance.now() - start) * 1000) / samples.length).toFixed(0)
}
const byId = (row: Readonly<Record<string, unknown>>): string => `'${String(row['id'])}'`
const byBoth = (row: Readonly<Record<string, unknown>>): string =>
  `${byId(row)} AND created_at = ${String(row['created_at'])}`

try {
  await query(`CREATE TABLE plain (${COLUMNS})`)
  await query(`CREATE TABLE parted (${COLUMNS}) PARTITION BY RANGE (created_at)`)
  for (let day = 0; day <= days; day += 1)
    await query(
      `CREATE TABLE parted_${day} PARTITION OF parted FOR VALUES FROM (${day * DAY}) TO (${(day + 1) * DAY})`,
    )
  for (const table of ['plain', 'parted']) {
    await query(`INSERT INTO ${table} ${SELECT}`)
    for (const column of ['id', 'created_at']) await query(`CREATE INDEX ON ${table} (${column})`)
  }
  await query('VACUUM ANALYZE')
  const searches = [
    ['one table, by id', await searchTime('plain', 'id', byId)],
    [`${days} partitions, by id`, await searchTime('parted', 'id', byId)],
    [`${days} partitions, by id and time`, await searchTime('parted', 'id', byBoth)],
  ]
  const deleting = await measure(`DELETE FROM plain WHERE created_at < ${DAY}`)
  const vacuuming = await measure('VACUUM plain')
  const dropping = await measure('DROP TABLE parted_0')
  const perDay = Math.round(rows / days).toLocaleString('en')
  console.log(
    [
      `PostgreSQL, ${rows.toLocaleString('en')} rows in ${days} days, of which one has ${perDay}`,
      ...align([
        ['', 'ms', 'log MiB'],
        ['delete the rows of a day', ...deleting],
        ['then vacuum', ...vacuuming],
        ['drop the partition of a day', ...dropping],
      ]),
      '',
      ...align([['a search', 'µs'], ...searches]),
    ].join('\n'),
  )
} finally {
  await database.stop()
}
