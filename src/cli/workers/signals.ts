/** The signals that stop a server. */
export interface StopSignals {
  /** Resolves at the first SIGINT or SIGTERM. */
  readonly first: Promise<NodeJS.Signals>
  /** Resolves at a later one. */
  readonly second: Promise<void>
  readonly hasStopped: () => boolean
}

/** npm sends each Ctrl-C twice, so signals within this time (ms) count as one. */
const SAME_SIGNAL = 1_000

/** Starts to listen for the signals. They no longer end the process by themselves. */
export function stopSignals(): StopSignals {
  const [first, second] = [Promise.withResolvers<NodeJS.Signals>(), Promise.withResolvers<void>()]
  let firstAt: number | undefined
  const onSignal = (signal: NodeJS.Signals): void => {
    firstAt ??= performance.now()
    first.resolve(signal)
    if (performance.now() - firstAt > SAME_SIGNAL) second.resolve()
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal)
  return { first: first.promise, second: second.promise, hasStopped: () => firstAt !== undefined }
}
