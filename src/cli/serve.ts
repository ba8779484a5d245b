import cluster from 'node:cluster'
import { availableParallelism } from 'node:os'
import { toNode } from '../adapters/node.ts'
import { jsonLogger } from '../lib/log.ts'
import { createAuthorizationServer } from '../server.ts'
import { findExposedFiles } from './doctor/permissions.ts'
import { bold, print } from './output.ts'
import { requireIssuer, withProject, type Project } from './project.ts'
import { originOf, runUntilSignal, type Address } from './run-server.ts'

/** The flags of `consulate serve`. */
export interface ServeOptions extends Address {
  readonly demo?: boolean
  /** The number of worker processes, `auto` for one per core. Without it, this process serves. */
  readonly workers?: number | 'auto'
}

/** `consulate serve`: runs the server until SIGINT or SIGTERM, then shuts it down cleanly. */
export async function serve({ demo = false, workers, host, port }: ServeOptions): Promise<void> {
  const address = { host, port }
  if (cluster.isWorker) return (await import('./workers/worker.ts')).runWorker(address)
  if (demo) return (await import('./demo/demo.ts')).serveDemo(address)
  await withProject(async (project) => {
    requireIssuer(project)
    if (workers === undefined) return serveInProcess(project, address)
    await warnOfExposedFiles(project)
    const count = workers === 'auto' ? availableParallelism() : workers
    await (await import('./workers/primary.ts')).runWorkers({ project, address, count })
  })
}

async function serveInProcess(project: Project, address: Address): Promise<void> {
  const server = createAuthorizationServer(project.config)
  await runUntilSignal({
    server,
    listener: toNode(server).routes(),
    address,
    announce: async () => {
      await warnOfExposedFiles(project)
      print(`Consulate ${bold(server.issuer)} is listening on ${originOf(address)}`)
    },
  })
}

async function warnOfExposedFiles(project: Project): Promise<void> {
  const { logger = jsonLogger() } = project.config
  for (const { message, fix } of await findExposedFiles(project)) {
    logger.log('warn', message.charAt(0).toUpperCase() + message.slice(1), { fix })
  }
}
