import { CommanderError } from 'commander'
import { ConfigError, OAuthError, StoreUnavailableError } from '../errors.ts'

/** A command that was not written as it must be: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** A command that cannot do what it was asked, for a reason that the person can understand: exit code 1. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}

/** What to tell about an error, if anything is left to tell, and the exit code: 1 failed, 2 wrongly written. */
export function describeError(error: unknown): { readonly text?: string; readonly exitCode: number } {
  // Commander has spoken already; what it throws for `--help` and `--version` is no error.
  if (error instanceof CommanderError) return { exitCode: error.exitCode === 0 ? 0 : 2 }
  if (error instanceof UsageError) return { text: printable(error.message), exitCode: 2 }
  return { text: printable(reasonOf(error)), exitCode: 1 }
}

/** The message of an error, and that of what caused it: `The database cannot be used: database or disk is full`. */
export const messageOf = ({ message, cause }: Error): string =>
  cause instanceof Error ? `${message}: ${cause.message}` : message

/** Ids and names are repeated to whoever asked for them, who may have them from somebody else. */
export const printable = (text: string): string => text.replaceAll(/[^\P{C}\n\t]/gu, '\ufffd')

function reasonOf(error: unknown): string {
  if (error instanceof OAuthError) return error.description
  if (!(error instanceof Error)) return String(error)
  return isExpected(error) ? messageOf(error) : (error.stack ?? error.message)
}

/** Where the system refuses something, its message says what, and of which file. */
const isExpected = (error: Error): boolean =>
  'syscall' in error || EXPECTED.some((kind) => error instanceof kind)

/** What a person can understand without a stack. */
const EXPECTED = [CommandError, ConfigError, StoreUnavailableError]
