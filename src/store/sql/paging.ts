import { ConfigError } from '../../errors.ts'

/** The number of rows in a page without a `limit`. */
const DEFAULT_LIMIT = 100

/**
 * Returns the limit of a page. SQL would accept others: SQLite lists everything for -1.
 *
 * @throws ConfigError if it is not a positive integer
 */
export function pageLimit(limit = DEFAULT_LIMIT): number {
  if (Number.isSafeInteger(limit) && limit > 0) return limit
  throw new ConfigError([{ path: 'limit', message: 'must be a positive integer' }])
}
