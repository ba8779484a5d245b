import { createServer, type RequestListener } from 'node:http'
import { clientCredentials, createAuthorizationServer, jsonLogger, type AuthorizationServer } from 'consulate'
import { sqlite } from 'consulate/sqlite'
import { onTestFinished } from 'vitest'
import { commonConfig, REQUIRED, type TestScope } from '../support/config.ts'
import { listen } from '../support/server.ts'

/** A server in memory, with what it logs as a warning or an error. */
export interface LoggedServer {
  readonly server: AuthorizationServer<TestScope>
  readonly problems: () => readonly unknown[]
  /** The form of a token request of a client, which is registered. */
  readonly tokenForm: string
}

/** Creates a server with a client. */
export async function createLogged(issuer = REQUIRED.issuer): Promise<LoggedServer> {
  const lines: string[] = []
  const server = createAuthorizationServer({
    ...REQUIRED,
    ...commonConfig(),
    store: sqlite(':memory:'),
    grants: [clientCredentials()],
    issuer,
    logger: jsonLogger({ level: 'warn', write: (line) => void lines.push(line) }),
  })
  onTestFinished(() => server.close())
  const { client, secret } = await server.clients.create({ name: 'Importer', scopes: ['orders:read'] })
  const problems = (): readonly unknown[] =>
    lines.map((line) => {
      const { detail, message } = JSON.parse(line) as { detail?: string; message: string }
      return detail ?? message
    })
  const credentials = { grant_type: 'client_credentials', client_id: client.id, client_secret: secret ?? '' }
  return { server, problems, tokenForm: new URLSearchParams(credentials).toString() }
}

/** Serves a listener until the end of the test. Returns its origin. */
export async function serve(listener: RequestListener): Promise<string> {
  const http = createServer(listener)
  onTestFinished(() => {
    http.close()
    http.closeAllConnections()
  })
  return listen(http)
}

export const FORM = 'application/x-www-form-urlencoded'

/** Sends a form. */
export const postForm = (url: string, body: string): Promise<Response> =>
  fetch(url, { method: 'POST', headers: { 'content-type': FORM }, body })
