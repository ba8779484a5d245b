/**
 * A page of a list that is sorted by id: at most `limit` (default 100) rows, starting after the id `after`. Throws
 * `ConfigError` if the limit is not a positive integer.
 */
export interface ListOptions {
  readonly limit?: number
  readonly after?: string
}
