import type { Logger } from '../lib/log.ts'

/** Work that is done again and again. */
export interface RepeatedWork {
  /** What it is, for the log: "The purge". */
  readonly name: string
  /** How long (ms) to wait before each time, from the end of the last. */
  readonly wait: () => number
  readonly work: () => Promise<unknown>
  readonly logger: Logger
}

/** Does something again and again; what it throws is logged. Gives back what stops it, and waits for it. */
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
