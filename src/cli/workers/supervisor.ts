import cluster, { type Worker } from 'node:cluster'
import type { Logger } from '../../lib/log.ts'
import { CommandError } from '../errors.ts'
import type { PrimaryMessage, WorkerMessage } from './messages.ts'
import { relayBroadcasts } from './relay.ts'
import { createRestarts } from './restarts.ts'

/** Keeps a number of workers running. */
export interface Supervisor {
  /** Resolves when all workers accept requests. Rejects with `CommandError` if one of them cannot start. */
  readonly started: Promise<void>
  /** Rejects with `CommandError` if no worker is left and none can be started. Never resolves. */
  readonly failed: Promise<never>
  /** Lets every worker finish its open requests, and resolves when all have exited. */
  stop(): Promise<void>
  /** Kills every worker. */
  kill(): void
}

/** What the supervisor knows about a worker. */
interface WorkerState {
  readonly startedAt: number
  hasListened: boolean
  /** Why it could not start. */
  failure: string | undefined
}

/** If no worker is left, the supervisor gives up after this many failed starts in a row. */
const MAX_FAILED_STARTS = 5
/** How long (ms) workers may take to stop: 10 seconds for open requests, and some for the database. */
const STOP_TIMEOUT = 15_000

/** Starts the workers. Each runs the same command as this process. */
export function superviseWorkers(count: number, logger: Logger): Supervisor {
  const states = new Map<Worker, WorkerState>()
  const timers = new Set<NodeJS.Timeout>()
  const restarts = createRestarts()
  const [started, failed] = [Promise.withResolvers<void>(), Promise.withResolvers<never>()]
  let phase: 'starting' | 'running' | 'stopping' = 'starting'

  function start(): void {
    const worker = cluster.fork()
    const state: WorkerState = { startedAt: performance.now(), hasListened: false, failure: undefined }
    states.set(worker, state)
    closeConnectionOnExit(worker)
    // A message to a worker that has just died. Its exit is noticed below.
    worker.on('error', () => undefined)
    worker.on('message', (message: WorkerMessage) => {
      if (message.kind === 'failed') state.failure = message.text
    })
    worker.once('listening', () => {
      state.hasListened = true
      restarts.succeed()
      if ([...states.values()].every(({ hasListened }) => hasListened)) becomeRunning()
    })
    worker.once('exit', (code: number | null, signal: string | null) => {
      states.delete(worker)
      const cause = state.failure ?? (signal === null ? `exit code ${code}` : `signal ${signal}`)
      if (phase === 'starting') started.reject(new CommandError(state.failure ?? died(cause)))
      else if (phase === 'running') replace(worker, state, cause)
    })
  }

  function becomeRunning(): void {
    if (phase === 'starting') phase = 'running'
    started.resolve()
  }

  function replace(worker: Worker, { startedAt, hasListened }: WorkerState, cause: string): void {
    const delay = restarts.delayAfter({ lifetime: performance.now() - startedAt, hasListened })
    if (states.size === 0 && restarts.failedStarts >= MAX_FAILED_STARTS) {
      return failed.reject(new CommandError(`All workers have exited, and none can be started: ${cause}`))
    }
    const message = hasListened ? 'Worker exited' : 'Worker could not start'
    logger.log('error', message, { pid: worker.process.pid ?? null, cause, restartDelay: delay })
    const timer = setTimeout(() => {
      timers.delete(timer)
      start()
    }, delay)
    timers.add(timer)
  }

  function endRestarts(): void {
    phase = 'stopping'
    for (const timer of timers) clearTimeout(timer)
  }

  function kill(): void {
    endRestarts()
    for (const worker of states.keys()) worker.process.kill('SIGKILL')
  }

  async function stop(): Promise<void> {
    endRestarts()
    const timer = setTimeout(kill, STOP_TIMEOUT)
    await Promise.all([...states.keys()].map(stopWorker))
    clearTimeout(timer)
  }

  // A rejection is of interest only to those who wait for it.
  for (const { promise } of [started, failed]) promise.catch(() => undefined)
  cluster.schedulingPolicy = cluster.SCHED_RR
  relayBroadcasts()
  for (let index = 0; index < count; index += 1) start()
  return { started: started.promise, failed: failed.promise, stop, kill }
}

/**
 * Closes the connection that a worker was given and never accepted because it died. `node:cluster` would keep it open, and
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

const died = (cause: string): string => `A worker exited before it could listen (${cause}).`

/** Tells a worker to stop, and resolves when it has exited. */
function stopWorker(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    worker.once('exit', () => resolve())
    // If the message cannot be sent, the worker is exiting already.
    if (worker.isConnected()) worker.process.send({ kind: 'stop' } satisfies PrimaryMessage, () => undefined)
  })
}
