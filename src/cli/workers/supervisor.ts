import cluster from 'node:cluster'
import type { Logger } from '../../lib/log.ts'
import { STOP_LIMIT } from '../../lib/stop.ts'
import { CommandError } from '../errors.ts'
import { forkChild, type Child, type WorkerExit } from './child.ts'
import { relayBroadcasts } from './relay.ts'
import { createRestarts } from './restarts.ts'

/** Keeps a number of workers running. */
export interface Supervisor {
  /** Resolves when all workers accept requests. Rejects with `CommandError` if one of them cannot start. */
  readonly started: Promise<void>
  /** Rejects with `CommandError` if no worker is left and none can be started. Never resolves. */
  readonly failed: Promise<never>
  /** Lets every worker accept requests for `drainTime` ms and finish open ones, and resolves when all have exited. */
  stop(drainTime: number): Promise<void>
  /** Kills every worker. */
  kill(): void
}

/** If no worker is left, the supervisor gives up after this many failed starts in a row. */
const MAX_FAILED_STARTS = 5

/** Starts the workers. Each runs the same command as this process. */
export function superviseWorkers(count: number, logger: Logger): Supervisor {
  cluster.schedulingPolicy = cluster.SCHED_RR
  relayBroadcasts()
  const children = new Set<Child>()
  const timers = new Set<NodeJS.Timeout>()
  const restarts = createRestarts()
  const [started, failed] = [Promise.withResolvers<void>(), Promise.withResolvers<never>()]
  let phase: 'starting' | 'running' | 'stopping' = 'starting'

  function start(): Child {
    const child = forkChild()
    children.add(child)
    void child.listening.then(restarts.succeed)
    void child.exited.then((exit) => onExit(child, exit))
    return child
  }

  function onExit(child: Child, { cause, failure }: WorkerExit): void {
    children.delete(child)
    if (phase === 'running') replace(child, cause)
    const message = failure ?? `A worker exited before it could listen (${cause}).`
    started.reject(new CommandError(message))
  }

  function replace(child: Child, cause: string): void {
    const delay = restarts.delayAfter(child)
    if (children.size === 0 && restarts.failedStarts >= MAX_FAILED_STARTS) {
      failed.reject(new CommandError(`All workers have exited, and none can be started: ${cause}`))
      return
    }
    const message = child.hasListened ? 'Worker exited' : 'Worker could not start'
    logger.log('error', message, { pid: child.pid, cause, restartDelay: delay })
    startLater(delay)
  }

  function startLater(delay: number): void {
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
    for (const child of children) child.kill()
  }

  async function stop(drainTime: number): Promise<void> {
    endRestarts()
    const timer = setTimeout(kill, drainTime + STOP_LIMIT)
    await Promise.all([...children].map((child) => child.stop(drainTime)))
    clearTimeout(timer)
  }

  async function startAll(): Promise<void> {
    const first = Array.from({ length: count }, start)
    await Promise.all(first.map(({ listening }) => listening))
    if (phase === 'starting') phase = 'running'
    started.resolve()
  }

  void startAll()
  // Without this, a rejection while nothing waits for it would be an unhandled one.
  for (const { promise } of [started, failed]) promise.catch(() => undefined)
  return { started: started.promise, failed: failed.promise, stop, kill }
}
