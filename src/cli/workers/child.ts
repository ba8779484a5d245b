import cluster, { type Worker } from 'node:cluster'
import type { PrimaryMessage, WorkerMessage } from './messages.ts'

/** A worker, as the primary process sees it. */
export interface Child {
  readonly pid: number | null
  /** How long it has been running (ms). */
  readonly lifetime: number
  /** Whether it has ever accepted requests. */
  readonly hasListened: boolean
  /** Resolves when it accepts requests. Never, if it exits before. */
  readonly listening: Promise<void>
  /** Resolves when it has exited. */
  readonly exited: Promise<WorkerExit>
  /** Lets it accept requests for `drainTime` ms and finish open ones, and resolves when it has exited. */
  stop(drainTime: number): Promise<void>
  kill(): void
}

/** How a worker exited. */
export interface WorkerExit {
  /** The reason, for the log. */
  readonly cause: string
  /** Why it could not start, as the command would print it. Undefined if it did not say. */
  readonly failure: string | undefined
}

/** Starts a worker, which runs the same command as this process. */
export function forkChild(): Child {
  const worker = cluster.fork()
  const startedAt = performance.now()
  const [listening, exited] = [Promise.withResolvers<void>(), Promise.withResolvers<WorkerExit>()]
  let failure: string | undefined
  let hasListened = false
  const onExit = (cause: string): void => exited.resolve({ cause: failure ?? cause, failure })
  closeConnectionOnExit(worker)
  worker.on('message', (message: WorkerMessage) => {
    if (message.kind === 'failed') failure = message.text
  })
  worker.once('listening', () => {
    hasListened = true
    listening.resolve()
  })
  worker.once('exit', (code: number, signal: string | null) =>
    onExit(signal === null ? `exit code ${code}` : `signal ${signal}`),
  )
  // Either the process could not be created, and then there is no exit, or a message came too late.
  worker.on('error', (error) => {
    if (worker.process.pid === undefined) onExit(error.message)
  })
  return {
    pid: worker.process.pid ?? null,
    get lifetime() {
      return performance.now() - startedAt
    },
    get hasListened() {
      return hasListened
    },
    listening: listening.promise,
    exited: exited.promise,
    async stop(drainTime) {
      const message: PrimaryMessage = { kind: 'stop', drainTime }
      // If it is not connected, it is exiting already.
      if (worker.isConnected()) worker.process.send(message, () => undefined)
      await exited.promise
    },
    kill: () => void worker.process.kill('SIGKILL'),
  }
}

/**
 * Closes the connection that a worker was given and never accepted because it exited. `node:cluster` would keep it open, and
 * the client would wait for a response forever.
 */
function closeConnectionOnExit(worker: Worker): void {
  const child = worker.process
  const send = child.send.bind(child) as (...args: readonly unknown[]) => boolean
  let connection: Partial<Closable> | undefined
  child.send = (message: unknown, handle?: unknown, ...rest: readonly unknown[]): boolean => {
    connection = (handle as Partial<Closable> | undefined) ?? connection
    return send(message, handle, ...rest)
  }
  // Nothing happens if it is closed already, which is the case once the worker has accepted it.
  worker.once('exit', () => connection?.close?.())
}

interface Closable {
  close(): void
}
