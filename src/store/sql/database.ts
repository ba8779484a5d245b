import { AsyncLocalStorage } from 'node:async_hooks'
import { CompiledQuery, Kysely } from 'kysely'
import { trackCalls } from './calls.ts'
import type { ConnectionPool, Durability, Run, SqlDialect, TransactionStatements } from './dialect.ts'
import { retryWhileBusy } from './retry.ts'
import type { Tables } from './tables.ts'

/** Runs compiled queries, either each on its own or within a transaction. */
export interface QueryRunner {
  /** Returns every row. */
  readonly all: <Row>(query: CompiledQuery<Row>) => Promise<readonly Row[]>
  /** Returns the first row, if there is one. */
  readonly first: <Row>(query: CompiledQuery<Row>) => Promise<Row | undefined>
  /** Runs an insert, update or delete and returns the number of affected rows. */
  readonly execute: (query: CompiledQuery) => Promise<number>
}

/** Runs queries that take long. */
export interface BackgroundRunner extends QueryRunner {
  /** A clock (ms) for the time that queries take. It may stand still between them. */
  readonly clock: () => number
}

/** A database. A query that it runs itself is a `relaxed` transaction of its own. */
export interface Database extends QueryRunner {
  /** Builds queries. Do not run queries on it inside a transaction: they would wait forever for that transaction. */
  readonly db: Kysely<Tables>
  readonly dialect: SqlDialect
  /** Runs queries that take long, each on its own. Requests do not wait for them. */
  readonly background: BackgroundRunner
  /** Runs `body` in a transaction. It may run again if the database was busy, so it must have no other side effects. */
  readonly transaction: <Result>(
    durability: Durability,
    body: (queries: QueryRunner) => Promise<Result>,
  ) => Promise<Result>
  /** Runs one statement as a `relaxed` transaction of its own. Returns whether it changed one row. */
  readonly change: (query: CompiledQuery) => Promise<boolean>
  /** Runs `first`, and `then` if it changed one row, in a `relaxed` transaction of their own. Returns whether it did. */
  readonly changeBoth: (first: CompiledQuery, then: CompiledQuery) => Promise<boolean>
  /** Runs an update of at most one row as a `relaxed` transaction of its own. Returns what it is changed to. */
  readonly changeRow: <Row, Result>(change: RowChange<Row, Result>) => Promise<Result | undefined>
  /**
   * Runs `work`. The first transaction within it that commits also runs `addition`, with its own result, just before. Returns
   * whether one did, besides what `work` returns.
   */
  readonly withAddition: <Result>(
    addition: TransactionAddition,
    work: () => Promise<Result>,
  ) => Promise<{ readonly result: Result; readonly isAdded: boolean }>
  /** Waits for earlier calls, and closes the database. */
  readonly close: () => Promise<void>
}

/** An update of at most one row. */
export interface RowChange<Row, Result> {
  /** Returns the same as `select`, if the dialect has `hasUpdateReturning`. */
  readonly update: CompiledQuery<Row>
  /** Selects the changed row otherwise. */
  readonly select: CompiledQuery<Row>
  readonly toResult: (row: Row) => Result
}

/** Writes more rows in a transaction, depending on its result. May run again, like the transaction. */
export type TransactionAddition = (queries: QueryRunner, result: unknown) => Promise<void>

/** Creates a database from its dialect. Every method throws `StoreUnavailableError` if the database cannot be used. */
export function createDatabase(dialect: SqlDialect): Database {
  const db = new Kysely<Tables>({ dialect: dialect.kysely })
  const { background } = dialect
  const { run, useConnection } = createRunner(db, dialect)
  const calls = trackCalls()
  const runWithRetries: Run = (query) =>
    calls.track(retryWhileBusy(dialect, (deadline) => run(query, deadline)))
  const additions = new AsyncLocalStorage<PendingAddition>()
  const runOnce: Database['transaction'] = (durability, body) =>
    calls.track(
      retryWhileBusy(dialect, (deadline) =>
        useConnection((runOn) => runTransaction(runOn, dialect.transactions[durability], body), deadline),
      ),
    )
  const transaction: Database['transaction'] = async (durability, body) => {
    const pending = additions.getStore()
    if (!pending?.isOpen) return runOnce(durability, body)
    const result = await runOnce(durability, async (queries) => {
      const outcome = await body(queries)
      await pending.addition(queries, outcome)
      return outcome
    })
    pending.isAdded = true
    pending.isOpen = false
    return result
  }
  const queries = createQueryRunner(runWithRetries)
  /** Runs one statement on its own, unless an addition needs a transaction. */
  const runAlone = <Result>(body: (queries: QueryRunner) => Promise<Result>): Promise<Result> =>
    additions.getStore()?.isOpen ? transaction('relaxed', body) : body(queries)
  return {
    ...queries,
    db,
    dialect,
    background: {
      ...createQueryRunner(
        background
          ? (query) => calls.track(retryWhileBusy(dialect, () => background.run(query)))
          : runWithRetries,
      ),
      clock: background?.workTime ?? (() => performance.now()),
    },
    transaction,
    change: (query) => runAlone(async (runner) => (await runner.execute(query)) === 1),
    async changeBoth(first, then) {
      const both = additions.getStore()?.isOpen ? undefined : dialect.toTransaction?.(first, then)
      if (both) return (await queries.execute(both)) > 0
      return transaction('relaxed', async (runner) => {
        if ((await runner.execute(first)) !== 1) return false
        await runner.execute(then)
        return true
      })
    },
    changeRow({ update, select, toResult }) {
      const returning = dialect.hasUpdateReturning ? update : dialect.toReturning?.(update, select)
      return returning
        ? runAlone(async (runner) => mapRow(await runner.first(returning), toResult))
        : transaction('relaxed', async (runner) =>
            (await runner.execute(update)) === 1 ? mapRow(await runner.first(select), toResult) : undefined,
          )
    },
    async withAddition(addition, work) {
      const pending: PendingAddition = { addition, isOpen: true, isAdded: false }
      const result = await additions.run(pending, work).finally(() => (pending.isOpen = false))
      return { result, isAdded: pending.isAdded }
    },
    async close() {
      await calls.settled()
      if (dialect.pool) return dialect.pool.close()
      // A migration uses the connection without being one of the calls.
      await db.connection().execute(async () => undefined)
      await db.destroy()
    },
  }
}

interface Runner {
  /** Runs a query on its own. */
  readonly run: ConnectionPool['run']
  /** Keeps a connection for a transaction. */
  readonly useConnection: ConnectionPool['use']
}

/** Kysely's executor creates a dozen promises for each query, which costs more than a lookup by id. */
function createRunner(db: Kysely<Tables>, { direct, pool }: SqlDialect): Runner {
  if (pool) return { run: pool.run, useConnection: pool.use }
  const runOn = (connection: Kysely<Tables>): Run =>
    direct ? async (query) => direct.run(query) : (query) => connection.executeQuery(query)
  return {
    run: async (query) => (direct?.isFree() ? direct.run(query) : db.executeQuery(query)),
    useConnection: (work) => db.connection().execute((connection) => work(runOn(connection))),
  }
}

/** An addition to the next transaction. */
interface PendingAddition {
  readonly addition: TransactionAddition
  /** False after a transaction has run it, and after the work: timers that it started must not. */
  isOpen: boolean
  isAdded: boolean
}

const mapRow = <Row, Result>(row: Row | undefined, toResult: (row: Row) => Result): Result | undefined =>
  row && toResult(row)

const createQueryRunner = (run: Run): QueryRunner => ({
  all: async (query) => (await run(query)).rows,
  first: async (query) => (await run(query)).rows[0],
  execute: async (query) => Number((await run(query)).numAffectedRows ?? 0),
})

async function runTransaction<Result>(
  run: Run,
  { begin, end }: TransactionStatements,
  body: (queries: QueryRunner) => Promise<Result>,
): Promise<Result> {
  try {
    for (const statement of begin) await run(CompiledQuery.raw(statement))
    const result = await body(createQueryRunner(run))
    await run(CompiledQuery.raw('commit'))
    return result
  } catch (error) {
    // Fails if the transaction did not start, or if the database has rolled it back already.
    await run(CompiledQuery.raw('rollback')).catch(() => undefined)
    throw error
  } finally {
    for (const statement of end) await run(CompiledQuery.raw(statement)).catch(() => undefined)
  }
}
