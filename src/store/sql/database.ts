import type { CompiledQuery, Kysely } from 'kysely'
import type { Durability, SqlDialect } from './dialect.ts'
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
  /** Runs an update of at most one row as a `relaxed` transaction of its own. Returns what of that row never changes. */
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
  /** Selects the row otherwise, before the update: only columns that never change. */
  readonly select: CompiledQuery<Row>
  readonly toResult: (row: Row) => Result
}

/** Writes more rows in a transaction, depending on its result. May run again, like the transaction. */
export type TransactionAddition = (queries: QueryRunner, result: unknown) => Promise<void>
