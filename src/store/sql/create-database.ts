import { CompiledQuery, Kysely } from 'kysely'
import { createAdditions } from './additions.ts'
import { trackCalls, type RunningCalls } from './calls.ts'
import type { Database, QueryRunner } from './database.ts'
import type { ConnectionPool, DirectConnection, Run, SqlDialect, TransactionStatements } from './dialect.ts'
import { createGroupCommit, type GroupCommit } from './group-commit.ts'
import { retryWhileBusy } from './retry.ts'
import {
  createGroupedWrites,
  createSingleWrites,
  createTransactionalWrites,
  type SmallWrites,
} from './small-writes.ts'
import type { Tables } from './tables.ts'

/** Creates a database from its dialect. Every method throws `StoreUnavailableError` if the database cannot be used. */
export function createDatabase(dialect: SqlDialect): Database {
  const db = new Kysely<Tables>({ dialect: dialect.kysely })
  const { background, direct } = dialect
  const { run, useConnection } = createRunner(db, dialect)
  const calls = trackCalls()
  const runWithRetries: Run = (query) =>
    calls.track(retryWhileBusy(dialect, (deadline) => run(query, deadline)))
  const { transaction, withAddition, hasAddition } = createAdditions((durability, body) =>
    calls.track(
      retryWhileBusy(dialect, (deadline) =>
        useConnection((runOn) => runTransaction(runOn, dialect.transactions[durability], body), deadline),
      ),
    ),
  )
  const queries = createQueryRunner(runWithRetries)
  const inTransactions = createTransactionalWrites(dialect, transaction)
  const onTheirOwn = direct
    ? createGroupedWrites(groupCommit(dialect, direct, db, calls))
    : createSingleWrites(dialect, queries, inTransactions)
  const writes = (): SmallWrites => (hasAddition() ? inTransactions : onTheirOwn)
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
    change: (query) => writes().change(query),
    changeBoth: (first, then) => writes().changeBoth(first, then),
    changeRow: (change) => writes().changeRow(change),
    withAddition,
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

function groupCommit(
  dialect: SqlDialect,
  direct: DirectConnection,
  db: Kysely<Tables>,
  calls: RunningCalls,
): GroupCommit {
  const whenFree = async <Result>(work: () => Result): Promise<Result> =>
    direct.isFree() ? work() : db.connection().execute(async () => work())
  const commit = createGroupCommit(dialect, direct, whenFree)
  return (write) => calls.track(commit(write))
}

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
