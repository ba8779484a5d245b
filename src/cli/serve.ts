import cluster from 'node:cluster'
import { availableParallelism } from 'node:os'
import { toNode } from '../adapters/node.ts'
import { originOf, type Address } from '../lib/http-server.ts'
import { jsonLogger } from '../lib/log.ts'
import { createAuthorizationServer } from '../server.ts'
import { findExposedFiles } from './doctor/permissions.ts'
import { bold, print } from './output.ts'
import { requireIssuer, withProject, type Project } from './project.ts'
import { runUntilSignal, waitNotice } from './run-server.ts'

/** The flags of `consulate serve`. */
export interface ServeOptions extends Address {
  readonly demo?: boolean
  /** The number of worker processes, `auto` for one per core. Without it, this process serves. */
  readonly workers?: number | 'auto'
  /** How long (s) to keep accepting requests after SIGTERM. */
  readonly drain: number
}

/** `consulate serve`: runs the server until SIGINT or SIGTERM, then shuts it down cleanly. */
export async function serve({ demo = false, workers, drain, host, port }: ServeOptions): Promise<void> {
  const address = { host, port }
  if (cluster.isWorker) return (await import('./workers/worker.ts')).runWorker(address)
  if (demo) return (await import('./demo/demo.ts')).serveDemo(address)
  await withProject(async (project) => {
    requireIssuer(project)
    const drainTime = drain * 1000
    if (workers === undefined) return serveInProcess(project, address, drainTime)
    await warnOfExposedFiles(project)
    const count = workers === 'auto' ? availableParallelism() : workers
    await (await import('./workers/primary.ts')).runWorkers({ project, address, count, drainTime })
  })
}

async function serveInProcess(project: Project, address: Address, drainTime: number): Promise<void> {
  const server = createAuthorizationServer(project.config)
  await runUntilSignal({
    server,
    listener: toNode(server).routes(),
    address,
    drainTime,
    waitsForDatabase: project.store.file === undefined,
    announce: async (outage) => {
      await warnOfExposedFiles(project)
      print(`Consulate ${bold(server.issuer)} is listening on ${originOf(address)}${waitNotice(outage)}`)
    },
  })
}

async function warnOfExposedFiles(project: Project): Promise<void> {
  const { logger = jsonLogger() } = project.config
  for (const { message, fix } of await findExposedFiles(project)) {
    logger.log('warn', message.charAt(0).toUpperCase() + message.slice(1), { fix })
  }
}
