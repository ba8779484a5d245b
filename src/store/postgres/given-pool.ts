/** A connection of a pool of the `pg` package, as far as it is used. */
export interface PostgresClient {
  query(config: PostgresQuery): Promise<PostgresResult>
  on(event: 'error', listener: (error: Error) => void): unknown
  release(destroy?: boolean): void
}

/** A `Pool` of the `pg` package (8.12 or later), as far as it is used. */
export interface PostgresPool {
  connect(): Promise<PostgresClient>
  on(event: 'error', listener: (error: Error) => void): unknown
  end(): Promise<void>
}

/** A query of a `PostgresClient`. */
export interface PostgresQuery {
  readonly text: string
  readonly values?: unknown[]
  readonly name?: string
  readonly types: { getTypeParser(): (value: unknown) => unknown }
  /** In milliseconds. */
  readonly query_timeout: number
}

/** Its result. */
export interface PostgresResult {
  readonly rows: unknown[]
  readonly rowCount: number | null
}
