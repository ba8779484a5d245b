/** Primary result codes (https://sqlite.org/rescode.html), the low byte of the code in an error. */
const BUSY = 5
const LOCKED = 6
const UNUSABLE = new Set([
  3, // PERM
  8, // READONLY
  10, // IOERR
  11, // CORRUPT
  13, // FULL
  14, // CANTOPEN
  26, // NOTADB
])

/** Extended result codes: a unique index or primary key already has the value. */
const UNIQUE_VIOLATIONS = new Set([2067, 1555])

/** In test runners that use `node:vm`, such as Jest, errors of Node itself are not instances of the `Error` here. */
const hasField = <Name extends string>(error: unknown, name: Name): error is Record<Name, unknown> =>
  typeof error === 'object' && error !== null && name in error

const extendedCodeOf = (error: unknown): number => (hasField(error, 'errcode') ? Number(error.errcode) : 0)

const codeOf = (error: unknown): number => extendedCodeOf(error) & 0xff

export const isUniqueViolation = (error: unknown): boolean => UNIQUE_VIOLATIONS.has(extendedCodeOf(error))

/** Returns whether another process holds the lock. */
export const isBusy = (error: unknown): boolean => [BUSY, LOCKED].includes(codeOf(error))

/** Returns whether the file cannot be used now. Errors with a `syscall` come from the file system, when the file is opened. */
export const isUnusable = (error: unknown): boolean =>
  UNUSABLE.has(codeOf(error)) || hasField(error, 'syscall')

export const isMissingTable = (error: unknown): boolean =>
  hasField(error, 'message') && String(error.message).startsWith('no such table')
