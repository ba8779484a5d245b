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
  const { cause } = error instanceof StoreUnavailableError ? error : {}
  const reason = cause instanceof Error ? cause : error
  return (reason instanceof Error ? messageOf(reason) : String(reason)).replaceAll(/\s*\n\s*/g, ' ')
}
