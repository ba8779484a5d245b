import type { CompiledQuery, Dialect, QueryResult, RawBuilder } from 'kysely'

/**
 * How safe a commit is against a power cut: a `durable` one is on disk when it returns, a `relaxed` one may be lost if it
 * is only moments old. Neither can leave the database inconsistent.
 */
export type Durability = 'durable' | 'relaxed'

/** The SQL type of each kind of column. All text must compare byte by byte, because ids are case-sensitive. */
export interface ColumnTypes {
  /** Ids, hashes and names that the server generates: ASCII, at most 255 characters. */
  readonly id: string
  /** Text in any alphabet that is searched for, at most 255 characters: an email, a user id, a `sub`. */
  readonly key: string
  /** A URI, with or without a scope, that is searched for: ASCII, at most 1,500 characters. */
  readonly uri: string
  /** Text that is never searched for. */
  readonly text: string
  /** JSON, written and returned as text. */
  readonly json: string
  /** Milliseconds since 1970, which need more than 32 bits. */
  readonly time: string
  /** 0 or 1. */
  readonly flag: string
  /** A count. */
  readonly count: string
  /** An auto-incremented primary key that never reuses an id, with `primary key` and the other keywords it needs. */
  readonly serial: string
}

/** Clauses that differ between databases, appended to a statement. Empty if the database needs none. */
export interface Clauses {
  /** After a `select`: other transactions can read these rows but not change them until this one ends. */
  readonly forShare: string
  /** After a `select`: other transactions can neither change nor lock these rows until this one ends. */
  readonly forUpdate: string
  /** After an `insert`: keeps the existing row, without an error, if its key is taken. `column` is part of that key. */
  readonly keepExisting: (column: string) => string
  /** A condition: the rows after one with these values of a key, in the order of that key. It must use its index. */
  readonly isAfter: (
    key: readonly string[],
    values: readonly (string | number | null)[],
  ) => RawBuilder<unknown>
  /** After a `create table`. */
  readonly createTable: string
}

/** The statements that start a transaction, and those that run after it on the same connection. */
export interface TransactionStatements {
  /**
   * Must select READ COMMITTED or a stricter level. Each element is a round trip, so a dialect of a database server joins
   * statements in one.
   */
  readonly begin: readonly string[]
  /** Run after commit and after rollback. Their errors are ignored. */
  readonly end: readonly string[]
}

/** Runs a query on the connection of a transaction. Returns its rows. */
export type RunQuery = <Row>(query: CompiledQuery<Row>) => Promise<readonly Row[]>

/** How a database changes its tables. */
export interface MigrationRules {
  /**
   * Called at the start of a transaction of `kysely`, whose statements may take long. Waits until no other process
   * migrates, or throws a retryable error after a second or two. A lock of the connection rather than the transaction would not
   * survive a pooler such as PgBouncer. Also limits how long a statement waits for a table that a transaction uses, because
   * later queries queue behind it: as little as possible.
   */
  readonly lock: (run: RunQuery) => Promise<void>
  /** Called before the end of the transaction, also after an error. Left out if the lock ends with the transaction. */
  readonly unlock?: (run: RunQuery) => Promise<void>
  /**
   * About how long (ms) a migration that could not lock a table leaves the tables to requests before it tries again. Default:
   * no pause.
   */
  readonly pause?: number
  /**
   * Lists what exists, as `table`, `table.column` and `table.index` with the names before schema and prefix. A migration skips
   * that. Tables and columns only if the database commits each statement that creates one: a killed process has left them.
   */
  readonly listExisting: (run: RunQuery) => Promise<ReadonlySet<string>>
  /** Returns whether a query failed because a table does not exist. */
  readonly isMissingTable: (error: unknown) => boolean
  /** How `migrate --print` frames its script, and the client that runs it. */
  readonly script: {
    readonly command: string
    readonly begin: readonly string[]
    readonly end: readonly string[]
  }
}

/** The counters of `serial` columns. */
export interface SerialCounters {
  /** Returns the highest id that was ever assigned in a table; 0 if none was. */
  readonly read: (run: RunQuery, table: string) => Promise<number>
  /** Makes the next id of a table higher than `value`. */
  readonly raise: (run: RunQuery, table: string, value: number) => Promise<void>
}

/** The only connection of a database that answers synchronously. Its queries can skip Kysely's executor. */
export interface DirectConnection {
  /** Returns true if no transaction is open, so that a query can run on its own. */
  isFree(): boolean
  run<Row>(query: CompiledQuery<Row>): QueryResult<Row>
}

/** Runs a query on the connection that it belongs to. */
export type Run = <Row>(query: CompiledQuery<Row>) => Promise<QueryResult<Row>>

/**
 * The connections to a database server. Queries skip Kysely's executor, which costs as much as the driver. Calls end at their
 * deadline (a time of `performance.now()`), with `isUnavailable` errors.
 */
export interface ConnectionPool {
  /** Runs a query on any connection. */
  run<Row>(query: CompiledQuery<Row>, deadline: number): Promise<QueryResult<Row>>
  /** Keeps a connection for `work`. Connections that failed meanwhile, or were too slow, are not used again. */
  use<Result>(work: (run: Run) => Promise<Result>, deadline: number): Promise<Result>
  /** Called after all calls have ended. Later ones fail. Leaves a pool open that is not its own. */
  close(): Promise<void>
}

/** Runs queries that take long: on a second connection of an embedded database, so that they do not block the event loop. */
export interface BackgroundConnection {
  run<Row>(query: CompiledQuery<Row>): Promise<QueryResult<Row>>
  /** Returns how long (ms) all queries so far have taken in a thread, without their wait for the event loop. */
  readonly workTime?: () => number
}

/** Everything that the SQL store needs to know about a database. Implement this to support another one. */
export interface SqlDialect {
  readonly kysely: Dialect
  /** Only for embedded databases. */
  readonly direct?: DirectConnection
  /** Only for database servers. */
  readonly pool?: ConnectionPool
  /** Left out if queries that take long may run like all others. */
  readonly background?: BackgroundConnection
  readonly types: ColumnTypes
  readonly clauses: Clauses
  /** Whether an `update` can return the row that it changed. */
  readonly hasUpdateReturning: boolean
  /**
   * Returns another statement that changes the same row and returns what `select` selects. Undefined, also as the result, if
   * there is none: the store then selects the row first.
   */
  readonly toReturning?: <Row>(
    update: CompiledQuery<Row>,
    select: CompiledQuery<Row>,
  ) => CompiledQuery<Row> | undefined
  /**
   * Returns one statement that is a whole transaction: it runs `first`, and `then` if that changed one row. After an error,
   * neither has happened. Undefined, also as the result, if there is none: the statements are then sent one by one.
   */
  readonly toTransaction?: (first: CompiledQuery, then: CompiledQuery) => CompiledQuery | undefined
  /** Whether an `insert` can follow from an `update` in the same statement: `with … as (update … returning …) insert …`. */
  readonly hasWritableCtes: boolean
  /** Returns the JSON array in a column with one more element, given as JSON text, before its first `maximum - 1`. */
  readonly prependToJson: (column: string, element: string, maximum: number) => RawBuilder<string>
  readonly transactions: Readonly<Record<Durability, TransactionStatements>>
  readonly migrations: MigrationRules
  readonly counters: SerialCounters
  /** How long (ms) a call is retried while the database is busy. */
  readonly busyTimeout: number
  /** Returns whether a statement failed because a primary or unique key is taken. */
  readonly isUniqueViolation: (error: unknown) => boolean
  /** Returns whether the same statement may succeed a moment later: busy, deadlock, serialization failure. */
  readonly isRetryable: (error: unknown) => boolean
  /** Returns whether the database cannot be used now: unreachable, full, read-only, corrupt. */
  readonly isUnavailable: (error: unknown) => boolean
  /** Returns whether the reason is a wrong password, a missing database, a missing permission or the like. */
  readonly isMisconfigured: (error: unknown) => boolean
}
