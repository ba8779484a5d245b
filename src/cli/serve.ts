import { toNode } from '../adapters/node.ts'
import { createAuthorizationServer } from '../server.ts'
import { withIcon } from './icon.ts'
import { originOf, runServer, type Address } from './run-server.ts'
import { bold, print } from './output.ts'
import { withProject, requireIssuer } from './project.ts'

/** The flags of `consulate serve`. */
export interface ServeOptions extends Address {
  readonly demo?: boolean
}

/** `consulate serve`: runs the server until SIGINT or SIGTERM, then ends it cleanly. */
export async function serve({ demo = false, host, port }: ServeOptions): Promise<void> {
  if (demo) return (await import('./demo/demo.ts')).serveDemo({ host, port })
  await withProject(async (project) => {
    requireIssuer(project)
    const server = createAuthorizationServer(project.config)
    await runServer({
      server,
      listener: withIcon(toNode(server).routes()),
      address: { host, port },
      announce: () => print(`Consulate ${bold(server.issuer)} is listening on ${originOf({ host, port })}`),
    })
  })
}
