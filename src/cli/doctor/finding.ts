import { StoreUnavailableError } from '../../errors.ts'
import { messageOf } from '../errors.ts'

/** A `problem` must be fixed; a `warning` may be intended. */
export type Level = 'ok' | 'warning' | 'problem'

/** One result of a check. */
export interface Finding {
  readonly level: Level
  /** A clause that is read after the name of the check: `Clock: in sync (database, issuer)`. */
  readonly message: string
  /** What to do about it. */
  readonly fix?: string
}

export const ok = (message: string): Finding => ({ level: 'ok', message })

export const warning = (message: string, fix: string): Finding => ({ level: 'warning', message, fix })

export const problem = (message: string, fix: string): Finding => ({ level: 'problem', message, fix })

/** Returns the reason of a failure on one line. Findings say themselves that the database failed, so that of the driver is enough. */
export function reasonOf(error: unknown): string {
  return messageOfReason(error).replaceAll(/\s*\n\s*/g, ' ')
}

function messageOfReason(error: unknown): string {
  if (error instanceof StoreUnavailableError && error.cause instanceof Error) return error.cause.message
  return error instanceof Error ? messageOf(error) : String(error)
}
