import type { Logger } from '../lib/log.ts'

/** Work that runs repeatedly in the background. */
export interface RepeatedWork {
  /** The name in the log: "Purge". */
  readonly name: string
  /** Returns how long to wait before the next run, in milliseconds. */
  readonly wait: () => number
  readonly work: () => Promise<unknown>
  readonly logger: Logger
}

/**
 * Runs work repeatedly, each time after the previous run has finished. Logs failures. Returns a function that stops it and
 * waits for a run in progress.
 */
export function repeat({ name, wait, work, logger }: RepeatedWork): () => Promise<void> {
  let timer: NodeJS.Timeout
  let running = Promise.resolve()
  const run = async (): Promise<void> => {
    await work().catch((cause: unknown) => logger.log('warn', `${name} failed`, { cause: String(cause) }))
    schedule()
  }
  function schedule(): void {
    timer = setTimeout(() => void (running = run()), wait()).unref()
  }
  schedule()
  return async () => {
    clearTimeout(timer)
    await running
    clearTimeout(timer)
  }
}
