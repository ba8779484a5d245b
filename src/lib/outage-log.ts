import type { Logger } from './log.ts'

/** What is logged when the work starts to fail, and when it works again. */
export interface OutageMessages {
  readonly failed: string
  readonly recovered: string
}

/** Logs the failures of work that is retried: each new cause once, and the recovery once. */
export interface OutageLog {
  /** The cause of the last failure; undefined while the work succeeds. */
  readonly cause: string | undefined
  failed(cause: unknown): void
  recovered(): void
  /** Runs the work, logs how it ended and rethrows its error. */
  watch(work: () => Promise<void>): Promise<void>
}

/** Creates a log without failures. */
export function createOutageLog(logger: Logger, messages: OutageMessages): OutageLog {
  let lastCause: string | undefined
  const log: OutageLog = {
    get cause() {
      return lastCause
    },
    failed(error) {
      const cause = describe(error)
      if (cause !== lastCause) logger.log('error', messages.failed, { cause })
      lastCause = cause
    },
    recovered() {
      if (lastCause !== undefined) logger.log('info', messages.recovered)
      lastCause = undefined
    },
    async watch(work) {
      try {
        await work()
      } catch (error) {
        log.failed(error)
        throw error
      }
      log.recovered()
    },
  }
  return log
}

/** Includes nested causes: `fetch` itself only says "fetch failed". */
function describe(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  return cause === undefined ? String(error) : `${String(error)}: ${describe(cause)}`
}
