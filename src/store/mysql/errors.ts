import { ConnectionError, isMisconfiguredConnection } from '../connection-error.ts'

/** Error numbers (https://mariadb.com/docs/server/reference/error-codes, https://dev.mysql.com/doc/mysql-errors/8.4/en/). */
const UNIQUE_VIOLATION = 1062

const RETRYABLE = new Set([
  1020, // a row has changed since the snapshot of the transaction
  1205, // lock wait timeout
  1213, // deadlock
  1243, // unknown prepared statement: a proxy has given the connection to another server
  1317, // the query was killed
  1412, // the table has changed since the snapshot of the transaction
  1615, // the table has changed since the statement was prepared
])

const UNAVAILABLE = new Set([
  1021, // disk full
  1026, // error writing a file
  1028, // sort aborted
  1030, // error of the storage engine, such as a full disk
  1037, // out of memory
  1038,
  1040, // too many connections
  1041, // out of memory
  1042, // the host of the client cannot be resolved
  1043, // bad handshake
  1044, // access to the database denied
  1045, // access denied
  1049, // unknown database
  1053, // shutdown in progress
  1077, // shutdown
  1079, // shutdown complete
  1114, // table full
  1129, // host blocked
  1130, // host not allowed
  1135, // no thread for the connection
  1142, // command denied
  1143, // column denied
  1152, // connection aborted
  1158, // network errors
  1159,
  1160,
  1161,
  1184, // connection aborted
  1203, // too many connections of a user
  1226, // limit of a user exceeded
  1227, // privilege missing
  1290, // read-only server
  1461, // too many prepared statements
  1698, // access denied without a password
  1785, // GTID consistency
  1792, // read-only transaction
  1836, // read-only mode
  1927, // the connection was killed
  1969, // statement timeout (MariaDB)
  3024, // statement timeout (MySQL)
  3032, // offline mode
  3100, // replication refused the transaction
  3101,
  3118, // account locked
  3168, // the server is not available
  3169, // the session was killed
  3170, // out of memory
  4031, // disconnected for inactivity
  4166, // account locked (MariaDB)
])

/** Only an operator can change these. */
const MISCONFIGURED = new Set([
  1044, // access to the database denied
  1045, // access denied
  1049, // unknown database
  1130, // host not allowed
  1142, // command denied
  1143, // column denied
  1227, // privilege missing
  1698, // access denied without a password
  3118, // account locked
  4166, // account locked (MariaDB)
])

/** Returns the number of an error of the server; 0 for other errors. */
const numberOf = (error: unknown): number => {
  if (!(error instanceof Error) || !('errno' in error) || !('sqlState' in error)) return 0
  return typeof error.errno === 'number' ? error.errno : 0
}

/**
 * Wraps whatever the driver throws, unless it is an answer of the server. Such an answer loses what the driver adds: the
 * statement, and the value that is taken.
 */
export function toDatabaseError(error: unknown): Error {
  const errno = numberOf(error)
  if (errno === 0) return new ConnectionError(error)
  const { code, sqlState } = error as { code?: string; sqlState?: string }
  return Object.assign(new Error(withoutValue((error as Error).message)), { code, errno, sqlState })
}

const withoutValue = (message: string): string =>
  message.replace(/^Duplicate entry .* for key/s, 'Duplicate entry for key')

/** Something that is not an error of the server takes too long. */
export class BusyError extends Error {
  override readonly name = 'BusyError'
}

const MISSING_TABLE = 1146

export const isMissingTable = (error: unknown): boolean => numberOf(error) === MISSING_TABLE

export const isUniqueViolation = (error: unknown): boolean => numberOf(error) === UNIQUE_VIOLATION

export const isRetryable = (error: unknown): boolean =>
  error instanceof BusyError || RETRYABLE.has(numberOf(error))

export const isUnavailable = (error: unknown): boolean =>
  error instanceof ConnectionError || UNAVAILABLE.has(numberOf(error))

export const isMisconfigured = (error: unknown): boolean =>
  isMisconfiguredConnection(error) || MISCONFIGURED.has(numberOf(error))
