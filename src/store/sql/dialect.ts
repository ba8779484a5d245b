import type { CompiledQuery, Dialect, QueryResult } from 'kysely'

/** `durable` survives a power cut once it is committed; `relaxed` may lose the last moments, never its consistency. */
export type Durability = 'durable' | 'relaxed'

/**
 * What each sort of column is in a database. All texts must compare byte by byte: an id that differs in case is
 * another id.
 */
export interface ColumnTypes {
  /** Ids, hashes and names of ours: ASCII, at most 255 characters. */
  readonly id: string
  /** Text of any alphabet that is looked up, at most 255 characters: emails, a person's id, a `sub`. */
  readonly key: string
  /** Text that is only read. */
  readonly text: string
  /** JSON, kept and returned as text. */
  readonly json: string
  /** Milliseconds since 1970: more than 32 bits. */
  readonly time: string
  /** 0 or 1. */
  readonly flag: string
  /** A count. */
  readonly count: string
  /** The primary key of a table whose ids grow and are never used again, with the words that make it so. */
  readonly serial: string
}

/** Words that differ between databases, put at the end of a statement. Empty where nothing is needed. */
export interface Phrases {
  /** After a `select`: nobody may change these rows until the transaction ends. */
  readonly forShare: string
  /** After a `select`: nobody else may lock these rows until the transaction ends. */
  readonly forUpdate: string
  /** After an `insert`: where such a row is there already, leave it and do not fail. `column` is one of its key. */
  readonly keepExisting: (column: string) => string
  /** After a `create table`. */
  readonly createTable: string
}

/** The statements that open a transaction, and those that follow its end, on the same connection. */
export interface TransactionBounds {
  /** Must make it READ COMMITTED or stricter. */
  readonly begin: readonly string[]
  /** Run after commit and rollback alike; a failure here is ignored. */
  readonly end: readonly string[]
}

/** A database that answers while it is called, over its one connection: its queries need not go through Kysely's executor. */
export interface DirectConnection {
  /** Whether no transaction is open, so that a query may run on its own. */
  isFree(): boolean
  run<Row>(query: CompiledQuery<Row>): QueryResult<Row>
}

/** All that the SQL store must know of a database. One of these is a whole new backend. */
export interface SqlDialect {
  readonly kysely: Dialect
  /** Left out by databases that are spoken to over a network. */
  readonly direct?: DirectConnection
  readonly types: ColumnTypes
  readonly phrases: Phrases
  readonly transactions: Readonly<Record<Durability, TransactionBounds>>
  /** How long (ms) a call tries again while the database is busy. */
  readonly patience: number
  /** Whether a statement failed because a primary or unique key is taken. */
  readonly isUniqueViolation: (error: unknown) => boolean
  /** Whether the same may well succeed a moment later: busy, deadlock, serialization failure. */
  readonly isRetryable: (error: unknown) => boolean
  /** Whether the database cannot be used now: unreachable, full, read-only, broken. */
  readonly isUnavailable: (error: unknown) => boolean
}
