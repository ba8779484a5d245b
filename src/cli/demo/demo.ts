import { toNode } from '../../adapters/node.ts'
import type { Config } from '../../config/config.ts'
import { jsonLogger } from '../../lib/log.ts'
import { createAuthorizationServer, type AuthorizationServer } from '../../server.ts'
import { dataFolder } from '../environment.ts'
import { withIcon } from '../icon.ts'
import { installProject } from '../install.ts'
import { originOf, runServer, type Address } from '../run-server.ts'
import { withProject, type Project } from '../project.ts'
import { announce } from './announcement.ts'
import { router, sendPage } from './answer.ts'
import { createApi } from './api.ts'
import { createCall } from './call.ts'
import { createCallback } from './callback.ts'
import { DEMO_SCOPES, ensureClients, ensurePerson, type DemoScope } from './cast.ts'
import { homePage } from './home.ts'
import { openRecord } from './record.ts'
import { checkIsPlayground } from './safety.ts'
import { demoClients, type DemoClients } from './sign-in.ts'

/**
 * `consulate serve --demo`: a real server with a demo person, demo clients and a small API, until SIGINT or SIGTERM.
 *
 * @throws CommandError where it could be a real server's project
 */
export async function serveDemo(address: Address): Promise<void> {
  checkIsPlayground(address)
  const origin = originOf(address)
  const folder = dataFolder(process.env).path
  // Before there is a database: it tells from then on that the database is the demo's.
  const record = await openRecord(folder)
  const clients = demoClients(record, origin)
  await withProject(async (project) => {
    await installProject(project)
    await ensureClients(project.store, record, origin)
    const server = createAuthorizationServer(demoConfig(project, origin))
    await runServer({
      server,
      listener: demoListener(server, project, clients),
      address,
      // The person is made last: a password that nobody gets to see would be lost.
      announce: async () =>
        announce({ origin, folder, record, clients, password: await ensurePerson(project.store) }),
    })
  })
}

const logger = jsonLogger()

function demoConfig({ config }: Project, issuer: string): Config<DemoScope> {
  const { secrets, store, users, grants } = config
  return {
    issuer,
    secrets,
    store,
    users,
    grants,
    scopes: DEMO_SCOPES,
    personalTokens: {},
    pages: { name: 'Consulate demo' },
    logger,
  }
}

function demoListener(
  server: AuthorizationServer<DemoScope>,
  { store }: Project,
  clients: DemoClients,
): ReturnType<typeof router> {
  const auth = toNode(server)
  const { issuer: origin } = server
  const routes = {
    'GET /': (_request, response) => sendPage(response, 200, homePage(clients, origin)),
    'GET /demo/callback': createCallback(clients, origin),
    'POST /demo/call': createCall(origin),
    ...createApi(auth, store),
  } satisfies Parameters<typeof router>[0]
  return withIcon(auth.routes(router(routes, logger)))
}
