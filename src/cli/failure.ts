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
export function explain(error: unknown): { readonly text?: string; readonly exitCode: number } {
  // Commander has spoken already; what it throws for `--help` and `--version` is no error.
  if (error instanceof CommanderError) return { exitCode: error.exitCode === 0 ? 0 : 2 }
  if (error instanceof UsageError) return { text: `error: ${error.message}`, exitCode: 2 }
  return { text: `error: ${reasonOf(error)}`, exitCode: 1 }
}

function reasonOf(error: unknown): string {
  if (error instanceof OAuthError) return error.description
  if (EXPECTED.some((kind) => error instanceof kind)) return (error as Error).message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

/** What a person can understand without a stack. */
const EXPECTED = [CommandError, ConfigError, StoreUnavailableError]
