import { CompiledQuery, Kysely } from 'kysely'
import type { QueryResult } from 'kysely'
import type { Durability, SqlDialect, TransactionBounds } from './dialect.ts'
import { patiently } from './patience.ts'
import type { Tables } from './tables.ts'

/** Runs compiled queries: on their own, or within a transaction. */
export interface Queries {
  /** Every row. */
  readonly all: <Row>(query: CompiledQuery<Row>) => Promise<readonly Row[]>
  /** The first row, if there is one. */
  readonly first: <Row>(query: CompiledQuery<Row>) => Promise<Row | undefined>
  /** How many rows a statement inserted, updated or deleted. */
  readonly change: (query: CompiledQuery) => Promise<number>
}

/** A database as the sub-stores see it. Its own queries are `relaxed`, each a transaction of its own. */
export interface Sql extends Queries {
  /** For building queries. Running them on it, inside a transaction, would wait for that transaction forever. */
  readonly db: Kysely<Tables>
  readonly dialect: SqlDialect
  /** Runs `body` in a transaction, and again from the start where the database was busy: it must have no other effect. */
  readonly transact: <Result>(
    durability: Durability,
    body: (queries: Queries) => Promise<Result>,
  ) => Promise<Result>
}

type Run = <Row>(query: CompiledQuery<Row>) => Promise<QueryResult<Row>>

/** Opens a database through its dialect. Errors: `StoreUnavailableError` from every method. */
export function createSql(dialect: SqlDialect): Sql {
  const db = new Kysely<Tables>({ dialect: dialect.kysely })
  const { direct } = dialect
  // Kysely's executor makes a dozen promises for each query, which cost more than a look-up by id does.
  const run: Run = async (query) => (direct?.isFree() ? direct.run(query) : db.executeQuery(query))
  const runOn = (connection: Kysely<Tables>): Run =>
    direct ? async (query) => direct.run(query) : (query) => connection.executeQuery(query)
  return {
    ...queriesWith((query) => patiently(dialect, () => run(query))),
    db,
    dialect,
    transact: (durability, body) =>
      patiently(dialect, () =>
        db
          .connection()
          .execute((connection) => runTransaction(runOn(connection), dialect.transactions[durability], body)),
      ),
  }
}

const queriesWith = (run: Run): Queries => ({
  all: async (query) => (await run(query)).rows,
  first: async (query) => (await run(query)).rows[0],
  change: async (query) => Number((await run(query)).numAffectedRows ?? 0),
})

async function runTransaction<Result>(
  run: Run,
  { begin, end }: TransactionBounds,
  body: (queries: Queries) => Promise<Result>,
): Promise<Result> {
  try {
    for (const statement of begin) await run(CompiledQuery.raw(statement))
    const result = await body(queriesWith(run))
    await run(CompiledQuery.raw('commit'))
    return result
  } catch (error) {
    // There may be nothing to roll back: it did not begin, or the database gave it up itself.
    await run(CompiledQuery.raw('rollback')).catch(() => undefined)
    throw error
  } finally {
    for (const statement of end) await run(CompiledQuery.raw(statement)).catch(() => undefined)
  }
}
