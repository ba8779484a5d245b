import { toNode } from '../adapters/node.ts'
import { jsonLogger } from '../lib/log.ts'
import { createAuthorizationServer } from '../server.ts'
import { findExposedFiles } from './doctor/permissions.ts'
import { bold, print } from './output.ts'
import { requireIssuer, withProject, type Project } from './project.ts'
import { originOf, runServer, type Address } from './run-server.ts'

/** The flags of `consulate serve`. */
export interface ServeOptions extends Address {
  readonly demo?: boolean
}

/** `consulate serve`: runs the server until SIGINT or SIGTERM, then shuts it down cleanly. */
export async function serve({ demo = false, host, port }: ServeOptions): Promise<void> {
  if (demo) return (await import('./demo/demo.ts')).serveDemo({ host, port })
  await withProject(async (project) => {
    requireIssuer(project)
    const server = createAuthorizationServer(project.config)
    await runServer({
      server,
      listener: toNode(server).routes(),
      address: { host, port },
      announce: async () => {
        await warnOfExposedFiles(project)
        print(`Consulate ${bold(server.issuer)} is listening on ${originOf({ host, port })}`)
      },
    })
  })
}

async function warnOfExposedFiles(project: Project): Promise<void> {
  const { logger = jsonLogger() } = project.config
  for (const { message, fix } of await findExposedFiles(project)) {
    logger.log('warn', message.charAt(0).toUpperCase() + message.slice(1), { fix })
  }
}
