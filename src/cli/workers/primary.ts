import { originOf, type Address } from '../../lib/http-server.ts'
import { jsonLogger } from '../../lib/log.ts'
import { createAuthorizationServer } from '../../server.ts'
import { CommandError } from '../errors.ts'
import { bold, print } from '../output.ts'
import type { Project } from '../project.ts'
import { isOutage, outageOf, waitNotice } from '../run-server.ts'
import { stopSignals } from './signals.ts'
import { superviseWorkers, type Supervisor } from './supervisor.ts'

/** The workers of a server. */
export interface WorkersRun {
  readonly project: Project
  readonly address: Address
  readonly count: number
  /** How long (ms) to keep accepting requests after SIGTERM. */
  readonly drainTime: number
}

/**
 * Runs a server in worker processes until SIGINT or SIGTERM. Then lets them finish open requests; a second signal ends them
 * immediately.
 *
 * @throws CommandError if the store cannot be shared, a worker cannot start, or all have exited
 */
export async function runWorkers({ project, address, count, drainTime }: WorkersRun): Promise<void> {
  requireSharedStore(project)
  const signals = stopSignals()
  const outage = await prepare(project)
  const { issuer, logger = jsonLogger() } = project.config
  const workers = superviseWorkers(count, logger)
  let signal: NodeJS.Signals | undefined
  try {
    await Promise.race([workers.started, signals.first])
    if (!signals.hasStopped()) print(banner(issuer, address, count) + waitNotice(outage))
    signal = await Promise.race([workers.failed, signals.first])
  } finally {
    await stop(workers, signal === 'SIGTERM' ? drainTime : 0, signals.second)
  }
  print('Stopped.')
}

const banner = (issuer: string, address: Address, count: number): string =>
  `Consulate ${bold(issuer)} is listening on ${originOf(address)} with ${count} ${count === 1 ? 'worker' : 'workers'}`

/** Each process would have a database of its own. */
function requireSharedStore({ store, source }: Project): void {
  if (store.file !== ':memory:') return
  throw new CommandError(
    `Workers cannot share the in-memory database of ${source}. Use a database file, or omit --workers.`,
  )
}

/**
 * Starts the server once and closes it, before there are workers: applies migrations, and reports everything that is wrong
 * with configuration, secrets and tables once. Returns why the database cannot be used yet; the workers wait for it.
 */
async function prepare({ config }: Project): Promise<string | undefined> {
  const server = createAuthorizationServer(config)
  try {
    await server.ready()
    return undefined
  } catch (error) {
    if (config.store.file !== undefined || !isOutage(error)) throw error
    return outageOf(error)
  } finally {
    await server.close()
  }
}

async function stop(workers: Supervisor, drainTime: number, secondSignal: Promise<void>): Promise<void> {
  const isForced = await Promise.race([
    workers.stop(drainTime).then(() => false),
    secondSignal.then(() => true),
  ])
  if (!isForced) return
  workers.kill()
  throw new CommandError('Stopped before open requests were finished.')
}
