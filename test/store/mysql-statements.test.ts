import { createPool, type Pool } from 'mysql2'
import { createConnection, type Connection } from 'mysql2/promise'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { mysql, type MysqlConnection, type MysqlPool } from '../../src/store/mysql.ts'
import { storeSuite } from '../../src/testing/index.ts'
import { ownMysql, PATIENCE } from '../support/databases.ts'
import { MYSQL_SERVERS } from '../support/mysql.ts'

/** Statements with their last parameters. */
type Statements = Map<string, readonly unknown[]>

/** Adds the prepared statements of a pool to `statements`. */
function record(pool: MysqlPool, statements: Statements): MysqlPool {
  const recording = new WeakSet<MysqlConnection>()
  const recordOn = (connection: MysqlConnection): MysqlConnection => {
    if (recording.has(connection)) return connection
    recording.add(connection)
    const execute = connection.execute.bind(connection)
    connection.execute = (query, callback) => {
      if (!NOT_EXPLAINED.test(query.sql)) statements.set(query.sql, query.values ?? [])
      return execute(query, callback)
    }
    return connection
  }
  return {
    getConnection: (callback) =>
      pool.getConnection((error, connection) => callback(error, error ? connection : recordOn(connection))),
  }
}

/** An insert of values reads nothing. The statements of a compound also run one by one, when a webhook is recorded with them. */
const NOT_EXPLAINED = /^(insert into `\w+` \([^)]*\) values|begin not atomic)/

function createSerializablePool(url: string): Pool {
  const pool = createPool(url)
  pool.on('connection', (connection) =>
    connection.query('set session transaction isolation level serializable', () => {}),
  )
  return pool
}

/** With few rows, reading all of them would be the best plan. */
const ROWS = 500

async function fillTables(connection: Connection): Promise<void> {
  const rows = await select<{ owner: string; type: string; nullable: string }>(connection, COLUMNS)
  for (const [owner, columns] of Map.groupBy(rows, (row) => row.owner)) {
    const values = columns.map(({ type, nullable }) => valueOf(type, nullable === 'YES'))
    await connection.query(`delete from ${owner}`)
    await connection.query(`insert into ${owner} select ${values.join(', ')} from (${NUMBERS}) as numbers`)
    await connection.query(`analyze table ${owner}`)
  }
}

const NUMBERS = `with recursive counted(seq) as (select 1 union all select seq + 1 from counted where seq < ${ROWS})
  select seq from counted`

const COLUMNS = `select table_name as owner, data_type as type, is_nullable as nullable from information_schema.columns
  where table_schema = database() and table_name like 'consulate%' and table_name <> 'consulate_migrations'
  order by table_name, ordinal_position`

const VALUES: Readonly<Record<string, string>> = {
  varbinary: "concat('some-', seq)",
  mediumtext: "'[]'",
  tinyint: '0',
}

/** Half of those that can be null are null. */
const valueOf = (type: string, isNullable: boolean): string =>
  isNullable ? `if(seq % 2 = 0, null, ${VALUES[type] ?? 'seq'})` : (VALUES[type] ?? 'seq')

async function select<Row>(
  connection: Connection,
  sql: string,
  values: readonly unknown[] = [],
): Promise<readonly Row[]> {
  const [rows] = await connection.execute(sql, [...values] as string[])
  return rows as unknown as Row[]
}

/** How the server reads one table of a statement. */
interface Step {
  readonly select_type: string
  readonly table: string | null
  readonly type: string | null
  readonly rows: number | null
}

/** Returns the tables that a statement reads from end to end. A page of an index in its order is no scan. */
async function scansOf(
  connection: Connection,
  sql: string,
  values: readonly unknown[],
): Promise<readonly string[]> {
  const steps = await select<Step>(connection, `explain format = traditional ${sql}`, values)
  return steps.flatMap(({ select_type: kind, table, type, rows }) => {
    // MySQL lists the table that rows are inserted into, too.
    if (kind === 'INSERT') return []
    const isScan = type === 'ALL' || (type === 'index' && Number(rows) > ROWS / 2)
    return isScan && table !== null && table.startsWith('consulate_') ? [table] : []
  })
}

/** Statements that work on whole tables, and when. */
const WHOLE_TABLES: readonly RegExp[] = [
  // A revocation of everything.
  /^update `consulate_(sessions|codes|device_codes|password_resets|authorizations)` set .* where 1 = 1 /,
  // At the start: one row for each root secret.
  /^select \* from `consulate_fingerprints`/,
  // The endpoints that are disabled, a few at most.
  /^select \* from `consulate_webhook_endpoints`/,
  // For administrators.
  /^select `endpoint_id`, sum\(.* from `consulate_webhook_deliveries` group by `endpoint_id`/,
  /^update `consulate_webhook_deliveries` set .* where `state` <> \? and `state` = \? and `created_at` >= \?$/,
  /^select count\(\*\) as `rows` from `\w+`/,
  // A page of all sessions in the order of their IDs. It passes over those that have ended until they are purged.
  /^select .* from `consulate_sessions` where `revoked_at` is null and \(`expires_at` > \? or .* order by `id` limit \?\)/,
  // Hundreds of IDs, in tables of 500 rows. Shorter lists are explained too.
  /\((\?, ){99,}/,
]

for (const { name, isAvailable, open: openEmpty } of MYSQL_SERVERS) {
  describe.runIf(isAvailable)(`on a pool of ${name} set to SERIALIZABLE`, () => {
    const open = ownMysql(openEmpty)
    const statements: Statements = new Map()
    /** By the URL of its database. */
    const pools = new Map<string, Pool>()
    afterAll(async () => void (await Promise.all(Array.from(pools.values(), (pool) => pool.promise().end()))))

    // On a pool of an app that has chosen the strictest isolation level.
    storeSuite({ describe, test, expect }, async () => {
      const database = await open()
      await database.store.close()
      const { url, drop } = database
      const pool = pools.get(url) ?? createSerializablePool(url)
      pools.set(url, pool)
      const store = mysql({ pool: record(pool, statements), busyTimeout: PATIENCE })
      return { ...store, close: () => store.close().then(drop) }
    })

    // The tests above have run every statement of the store.
    test('every statement finds its rows by an index, but for those that work on whole tables', async () => {
      const [url = ''] = pools.keys()
      expect(statements.size).toBeGreaterThan(150)
      const connection = await createConnection(url)
      onTestFinished(() => connection.end())
      await fillTables(connection)
      const others = [...statements].filter(([sql]) => !WHOLE_TABLES.some((pattern) => pattern.test(sql)))
      const scanning: string[] = []
      for (const [sql, values] of others)
        for (const table of await scansOf(connection, sql, values)) scanning.push(`${table}: ${sql}`)
      expect(scanning).toEqual([])
    })
  })
}
