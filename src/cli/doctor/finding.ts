import { messageOf } from '../failure.ts'

/** How grave something is. Only a `problem` must be mended; a `warning` may be meant. */
export type Level = 'ok' | 'warning' | 'problem'

/** One thing that a check has seen. */
export interface Finding {
  readonly level: Level
  readonly text: string
  /** What to do about it; undefined where all is well. */
  readonly mend?: string
}

/** All is well. */
export const fine = (text: string): Finding => ({ level: 'ok', text })

/** Something that may be meant, or will be trouble one day. */
export const warning = (text: string, mend: string): Finding => ({ level: 'warning', text, mend })

/** Something that must be mended. */
export const problem = (text: string, mend: string): Finding => ({ level: 'problem', text, mend })

/** The reason of a failure in one line. */
export const reasonOf = (cause: unknown): string =>
  (cause instanceof Error ? messageOf(cause) : String(cause)).replaceAll(/\s*\n\s*/g, ' ')
