import type { RequestListener } from 'node:http'
import { toNode } from '../../adapters/node.ts'
import type { Config } from '../../config/config.ts'
import { signIn } from '../../grants/sign-in.ts'
import { originOf, type Address } from '../../lib/http-server.ts'
import { jsonLogger } from '../../lib/log.ts'
import { createAuthorizationServer, type AuthorizationServer } from '../../server.ts'
import { dataDirectory } from '../environment.ts'
import { installProject } from '../install.ts'
import { runUntilSignal } from '../run-server.ts'
import { withProject, type Project } from '../project.ts'
import { announce, printResetLink } from './announcement.ts'
import { createApi } from './api.ts'
import { createCall } from './call.ts'
import { createCallback } from './callback.ts'
import { homePage } from './home.ts'
import { createRouter, sendPage, type DemoRoute } from './http.ts'
import { createDemoClients, type DemoClients } from './oauth-client.ts'
import { checkDemoIsSafe } from './safety.ts'
import { DEMO_SCOPES, ensureClients, ensureUser, loadDemoSecrets, type DemoScope } from './setup.ts'

/**
 * `consulate serve --demo`: runs a real server with a demo user, demo clients and a small API, until SIGINT or SIGTERM.
 *
 * @throws CommandError if this could be the directory of a real server
 */
export async function serveDemo(address: Address): Promise<void> {
  checkDemoIsSafe(address)
  const origin = originOf(address)
  const directory = dataDirectory(process.env).path
  // Created before the database, because it shows that the database belongs to the demo.
  const secrets = await loadDemoSecrets(directory)
  const clients = createDemoClients(secrets, origin)
  await withProject(async (project) => {
    await installProject(project)
    await ensureClients(project.store, secrets, origin)
    const server = createAuthorizationServer(demoConfig(project, origin))
    await runUntilSignal({
      server,
      listener: demoListener(server, project, clients),
      address,
      // The user is created last. Their password is printed only once, so it would be lost if the start failed.
      announce: async () =>
        announce({ origin, directory, secrets, clients, password: await ensureUser(project.store) }),
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
    grants: grants.some(({ type }) => type === 'sign_in') ? grants : [...grants, signIn()],
    scopes: DEMO_SCOPES,
    personalTokens: {},
    userApps: {},
    passwordReset: { send: printResetLink },
    pages: { name: 'Consulate demo' },
    logger,
  }
}

function demoListener(
  server: AuthorizationServer<DemoScope>,
  { store }: Project,
  clients: DemoClients,
): RequestListener {
  const auth = toNode(server)
  const { issuer: origin } = server
  const routes = {
    'GET /': (_request, response) => sendPage(response, 200, homePage(clients, origin)),
    'GET /demo/callback': createCallback(clients, origin),
    'POST /demo/call': createCall(origin),
    ...createApi(auth, store),
  } satisfies Record<string, DemoRoute>
  return auth.routes(createRouter(routes, logger))
}
