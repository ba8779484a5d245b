import { Client, Pool, type QueryConfig } from 'pg'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Store } from '../../src/store/contract.ts'
import { postgres } from '../../src/store/postgres.ts'
import { storeSuite } from '../../src/testing/index.ts'
import { ownPostgres, PATIENCE } from '../support/databases.ts'
import { hasPostgres } from '../support/postgres.ts'

/** A node of a plan, as PostgreSQL explains it. */
interface Plan {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Cond'?: string
  readonly Plans?: readonly Plan[]
}

interface PlanRow {
  readonly 'QUERY PLAN': readonly { readonly Plan: Plan }[]
}

/** Statements with their last parameters. */
type Statements = Map<string, readonly unknown[]>

/** Adds the queries of a pool to `statements`. */
function record(pool: Pool, statements: Statements): void {
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (config: QueryConfig) => Promise<unknown>
    const recording = (config: QueryConfig): Promise<unknown> => {
      if (/^(select|insert|update|delete|with)/.test(config.text))
        statements.set(config.text, (config.values ?? []) as readonly unknown[])
      return query(config)
    }
    Object.assign(client, { query: recording })
  })
}

const open = ownPostgres()

const statements: Statements = new Map()
/** By the URL of its database. */
const pools = new Map<string, Pool>()
afterAll(async () => void (await Promise.all(Array.from(pools.values(), (pool) => pool.end()))))

/** Opens a store on a pool of an app that has chosen the strictest isolation level. */
async function openOnPool(): Promise<Store> {
  const database = await open()
  await database.store.close()
  const { url, drop } = database
  const pool = pools.get(url) ?? (await createPool(url))
  pools.set(url, pool)
  const store = postgres({ pool, busyTimeout: PATIENCE })
  return { ...store, close: () => store.close().then(drop) }
}

async function createPool(url: string): Promise<Pool> {
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.query(KEEP_WITHOUT_STATISTICS)
  await client.end()
  const pool = new Pool({ connectionString: url, options: SERIALIZABLE })
  record(pool, statements)
  return pool
}

/** With statistics, which it would get after a minute, PostgreSQL may read tables of a few rows from end to end. */
const KEEP_WITHOUT_STATISTICS = `do $$ declare name text; begin
  for name in select tablename from pg_tables where tablename like 'consulate%' loop
    execute format('alter table %I set (autovacuum_enabled = off)', name);
  end loop;
end $$`

const SERIALIZABLE = '-c default_transaction_isolation=serializable'

/** Returns the tables that a statement reads from end to end. Reading an index without a condition is no better. */
async function scansOf(pool: Pool, sql: string, values: readonly unknown[]): Promise<readonly string[]> {
  const client = await pool.connect()
  const settings = ['seqscan', 'hashjoin', 'mergejoin'].map((kind) => `set enable_${kind} = off`)
  await client.query({ text: settings.join('; ') })
  const { rows } = await client.query<PlanRow>({
    text: `explain (format json) ${sql}`,
    values: [...values],
  })
  client.release()
  return rows.flatMap((row) => row['QUERY PLAN'].flatMap(({ Plan: plan }) => scansIn(plan)))
}

const SCANS = new Set(['Seq Scan', 'Index Scan', 'Index Only Scan'])

function scansIn({ Plans: plans = [], ...plan }: Plan, isLimited = false): readonly string[] {
  const { 'Node Type': type, 'Relation Name': table, 'Index Cond': condition } = plan
  const isScan = table !== undefined && condition === undefined && SCANS.has(type)
  const isBounded = isLimited && type.startsWith('Index')
  const own = isScan && !isBounded ? [table] : []
  return [...own, ...plans.flatMap((child) => scansIn(child, isLimited || type === 'Limit'))]
}

/** Returns how a plan finds the rows of authorizations. */
const indexConditions = ({ Plans: plans = [], ...plan }: Plan): readonly (string | undefined)[] => [
  ...(plan['Relation Name'] === 'consulate_authorizations' && plan['Node Type'] !== 'ModifyTable'
    ? [plan['Index Cond']]
    : []),
  ...plans.flatMap(indexConditions),
]

/** All of one client, provider and user, so that the indexes of these are smaller than the primary key. */
const HUNDRED_AUTHORIZATIONS = `
  truncate consulate_authorizations;
  insert into consulate_authorizations (id, client_id, provider, user_id, scopes, resources, generation, rotations,
    issuer_epoch, client_epoch, user_epoch, created_at, last_used_at, expires_at, access_expires_at)
  select 'authorization' || number, 'web', 'users', 'alice', '[]', '[]', 0, '[]', 0, 0, 0, 0, 0, 0, 0
  from generate_series(1, 100) as number`

/** Statements that work on whole tables, and when. */
const WHOLE_TABLES: readonly RegExp[] = [
  // A revocation of everything.
  /^update "consulate_(sessions|codes|device_codes|password_resets|authorizations)" set .* where 1 = 1 /,
  // At the start. One row for each migration, and each root secret.
  /^select "name" from "consulate_migrations"/,
  /^select \* from "consulate_fingerprints"/,
  // The endpoints that are disabled, a few at most.
  /^select \* from "consulate_webhook_endpoints"/,
  // For administrators, and for tests.
  /^select count\(\*\) as "rows" from "\w+"$/,
  /^select "endpoint_id", sum\(.* from "consulate_webhook_deliveries" group by "endpoint_id"/,
]

describe.runIf(hasPostgres)('on a pool of PostgreSQL set to SERIALIZABLE', () => {
  storeSuite({ describe, test, expect }, openOnPool)

  // The tests above have run every statement of the store.
  test('every statement finds its rows by an index, but for those that work on whole tables', async () => {
    const [pool] = pools.values()
    expect(statements.size).toBeGreaterThan(150)
    const others = [...statements].filter(([sql]) => !WHOLE_TABLES.some((pattern) => pattern.test(sql)))
    const scanning: string[] = []
    for (const [sql, values] of others)
      for (const table of pool ? await scansOf(pool, sql, values) : []) scanning.push(`${table}: ${sql}`)
    expect(scanning).toEqual([])
  })

  test('a refresh finds its row by the primary key, although PostgreSQL has no statistics', async () => {
    const [pool] = pools.values()
    const client = await pool?.connect()
    onTestFinished(() => client?.release())
    await client?.query(`begin; ${HUNDRED_AUTHORIZATIONS}`)
    const refreshes = [...statements].filter(([sql]) =>
      /^update "consulate_authorizations" .* returning/.test(sql),
    )
    expect(refreshes).toHaveLength(3)
    for (const [text, values] of refreshes) {
      const plans = await client?.query<PlanRow>({
        text: `explain (format json) ${text}`,
        values: [...values],
      })
      const conditions = plans?.rows.flatMap((row) =>
        row['QUERY PLAN'].flatMap(({ Plan: plan }) => indexConditions(plan)),
      )
      expect(conditions).toEqual([expect.stringMatching(/^\(id = /)])
    }
    await client?.query('rollback')
  })
})
