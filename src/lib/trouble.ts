import type { Logger } from './log.ts'

/** Work that is tried again and again and may fail for hours: said once for each cause, and once when it is over. */
export interface Trouble {
  /** Why the work failed last; undefined while it works. */
  readonly cause: string | undefined
  failed(cause: unknown): void
  over(): void
  /** Does the work, which may throw, and takes note of how it ended. */
  watch(work: () => Promise<void>): Promise<void>
}

/** Begins without trouble. `what` fits into "… cannot be read". */
export function createTrouble(logger: Logger, what: string): Trouble {
  let known: string | undefined
  const trouble: Trouble = {
    get cause() {
      return known
    },
    failed(cause) {
      const text = textOf(cause)
      if (text !== known) logger.log('error', `${what} cannot be read`, { cause: text })
      known = text
    },
    over() {
      if (known !== undefined) logger.log('info', `${what} can be read again`)
      known = undefined
    },
    async watch(work) {
      try {
        await work()
      } catch (cause) {
        trouble.failed(cause)
        throw cause
      }
      trouble.over()
    },
  }
  return trouble
}

/** `fetch` says only that it failed; what it was stands one or two causes below. */
function textOf(cause: unknown): string {
  const inner = cause instanceof Error ? cause.cause : undefined
  return inner === undefined ? String(cause) : `${String(cause)}: ${textOf(inner)}`
}
