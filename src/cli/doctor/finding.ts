import { messageOf } from '../errors.ts'

/** How grave something is. Only a `problem` must be mended; a `warning` may be meant. */
export type Level = 'ok' | 'warning' | 'problem'

/** One thing that a check has seen. */
export interface Finding {
  readonly level: Level
  readonly text: string
  /** What to do about it; undefined where all is well. */
  readonly fix?: string
}

/** All is well. */
export const ok = (text: string): Finding => ({ level: 'ok', text })

/** Something that may be meant, or will be trouble one day. */
export const warning = (text: string, fix: string): Finding => ({ level: 'warning', text, fix })

/** Something that must be mended. */
export const problem = (text: string, fix: string): Finding => ({ level: 'problem', text, fix })

/** The reason of a failure in one line. */
export const reasonOf = (cause: unknown): string =>
  (cause instanceof Error ? messageOf(cause) : String(cause)).replaceAll(/\s*\n\s*/g, ' ')
