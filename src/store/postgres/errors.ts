import { ConnectionError, isMisconfiguredConnection } from '../connection-error.ts'

/** An error that the server has answered with. */
export class ServerError extends Error {
  readonly code: string
  /** The function of the server that reports it. */
  readonly routine: string

  constructor(message: string, code: string, routine: string) {
    super(message)
    this.code = code
    this.routine = routine
  }
}

/** SQLSTATEs (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
const UNIQUE_VIOLATION = '23505'
const MISSING_TABLE = '42P01'

const RETRYABLE = new Set([
  '40001', // serialization failure
  '40P01', // deadlock
  '55P03', // lock timeout
])

/** Whole classes: connection, authorization, database, resources, operator intervention, system, internal errors. */
const UNAVAILABLE = /^(08|28|3D|53|57|58|F0|XX)/

const ALSO_UNAVAILABLE = new Set([
  '25006', // read-only transaction: a replica
  '25P03', // idle in transaction for too long: this process was frozen
  '25P04', // transaction timeout
  '40003', // statement completion unknown
  '42501', // insufficient privilege
])

/** Only an operator can change these. */
const MISCONFIGURED = new Set([
  '28000', // no such user, or not from this host
  '28P01', // wrong password
  '3D000', // no such database
  '42501', // insufficient privilege
])

/** A pooler has given the connection to another server process, which does not know the prepared statement. */
const LOST_STATEMENT = new Set([
  '26000', // unknown prepared statement
  '42P05', // prepared statement exists already
])

/** The columns of a table have changed since a statement was prepared: another node has migrated the database. */
const isStale = (error: unknown): boolean =>
  error instanceof ServerError && error.code === '0A000' && error.routine === 'RevalidateCachedQuery'

const codeOf = (error: unknown): string => (error instanceof ServerError ? error.code : '')

/** Returns an error without what the driver adds to it, such as the values of a duplicate key. */
export function toDatabaseError(error: unknown): ConnectionError | ServerError {
  if (error instanceof ConnectionError || error instanceof ServerError) return error
  const { code, routine } = error as { readonly code?: unknown; readonly routine?: unknown }
  const isAnswer = error instanceof Error && 'severity' in error && typeof code === 'string'
  return isAnswer ? new ServerError(error.message, code, String(routine)) : new ConnectionError(error)
}

export const isMissingTable = (error: unknown): boolean => codeOf(error) === MISSING_TABLE

export const isUniqueViolation = (error: unknown): boolean => codeOf(error) === UNIQUE_VIOLATION

export const isLostStatement = (error: unknown): boolean => LOST_STATEMENT.has(codeOf(error))

export const isRetryable = (error: unknown): boolean =>
  RETRYABLE.has(codeOf(error)) || isLostStatement(error) || isStale(error)

export const isUnavailable = (error: unknown): boolean =>
  error instanceof ConnectionError ||
  (!isLostStatement(error) && (UNAVAILABLE.test(codeOf(error)) || ALSO_UNAVAILABLE.has(codeOf(error))))

export const isMisconfigured = (error: unknown): boolean =>
  isMisconfiguredConnection(error) || MISCONFIGURED.has(codeOf(error))

/** Returns whether a connection must not be used again. */
export const isBreaking = (error: unknown): boolean =>
  isUnavailable(error) || isLostStatement(error) || isStale(error)
