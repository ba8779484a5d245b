/** How long (ms) a stop may take: 10 seconds for open requests, and 5 to write what is pending and close the database. */
export const STOP_LIMIT = 15_000

/** Resolves at the first SIGINT or SIGTERM. Later ones are ignored, because npm sends each Ctrl-C twice. */
export const stopSignal = (): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    process.on('SIGINT', resolve)
    process.on('SIGTERM', resolve)
  })

/** Exits with 1 if the process is still running after `limit` ms, because the database does not respond, for example. */
export function exitWithin(limit: number): void {
  const timer = setTimeout(() => {
    process.stderr.write('The server did not stop in time. What it had not written yet is lost.\n')
    process.exit(1)
  }, limit)
  timer.unref()
}
