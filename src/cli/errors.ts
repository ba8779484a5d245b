import { CommanderError } from 'commander'
import { ConfigError, OAuthError, StoreUnavailableError } from '../errors.ts'

/** The command was not written correctly: exit code 2. The message is one or more sentences. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The command cannot do what it was asked to, for a reason that users can understand: exit code 1. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}

/** Returns what to print about an error, if anything, and the exit code: 1 failed, 2 usage error. */
export function describeError(error: unknown): { readonly text?: string; readonly exitCode: number } {
  // Commander has printed its message already. It also throws for `--help` and `--version`, which are no errors.
  if (error instanceof CommanderError) return { exitCode: error.exitCode === 0 ? 0 : 2 }
  if (error instanceof UsageError) return { text: printable(error.message), exitCode: 2 }
  return { text: printable(reasonOf(error)), exitCode: 1 }
}

/** Returns the message of an error and that of its cause: `The database cannot be used: database or disk is full`. */
export const messageOf = ({ message, cause }: Error): string =>
  cause instanceof Error ? `${message}: ${cause.message}` : message

/** Replaces control characters. Messages repeat ids and names, which may come from an attacker. */
export const printable = (text: string): string => text.replaceAll(/[^\P{C}\n\t]/gu, '\ufffd')

function reasonOf(error: unknown): string {
  if (error instanceof OAuthError) return error.description
  if (!(error instanceof Error)) return String(error)
  if (error instanceof StoreUnavailableError && error.isMisconfigured) return `${messageOf(error)}. ${CHECK}`
  if (isExpected(error)) return messageOf(error)
  return `Unexpected error. If it comes from Consulate, please report it:\n${error.stack ?? error.message}`
}

const CHECK =
  'Check the host, the port, the user, the password, TLS, the database and the permissions that you have set.'

/** Errors of the operating system say what failed, and for which file. */
const isExpected = (error: Error): boolean =>
  'syscall' in error || EXPECTED.some((type) => error instanceof type)

/** Errors that need no stack. */
const EXPECTED = [CommandError, ConfigError, StoreUnavailableError]
