import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { toNode } from '../../src/adapters/node.ts'
import { openBrowser } from '../support/browser.ts'
import type { Browser } from '../support/browser.ts'
import { authorize } from '../support/oauth-client.ts'
import { listen, startServer } from '../support/server.ts'
import type { ServerOptions, TestServer, TestUser } from '../support/server.ts'

/** An authorization server with an API: `/me` returns the user, `/orders` needs `orders:read`. */
export interface Identity {
  readonly issuer: string
  readonly server: TestServer
  readonly user: TestUser
  close(): Promise<void>
}

/** Starts the server that the clients sign in to. */
export async function startIdentity(options: ServerOptions = {}): Promise<Identity> {
  const http = createServer()
  const issuer = await listen(http)
  const server = await startServer({ issuer, ...options })
  const user = await server.addUser()
  http.on('request', toNode(server.server).routes(api(server, user)))
  return {
    issuer,
    server,
    user,
    async close() {
      http.close()
      http.closeAllConnections()
      await server.close()
    },
  }
}

function api({ server }: TestServer, { email }: TestUser): RequestListener {
  const auth = toNode(server)
  const me = auth.user('profile')((request, response) => {
    const { id } = request.auth.user
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ id, name: 'Ada', email }))
  })
  const orders = auth.anyone('orders:read')((_request, response) => {
    response.setHeader('Content-Type', 'application/json').end('["tea"]')
  })
  return (request, response) => {
    if (request.url === '/me') me(request, response)
    else if (request.url === '/orders') orders(request, response)
    else response.writeHead(404).end()
  }
}

/** A page of an app. */
export interface AppPage {
  readonly url: URL
  readonly status: number
  readonly text: string
}

/** An app on another origin that signs users in at the server, seen from a browser without JavaScript. */
export interface AppVisit {
  readonly origin: string
  /** Opens a URL of the server. Signs in there, allows and returns. */
  follow(url: string): Promise<AppPage>
  /** Opens a path of the app. Follows redirects to the server, signs in there, allows and returns. */
  open(path: string, init?: RequestInit): Promise<AppPage>
  /** Posts to a path of the app. Returns the URL that it redirects to, also one of the server. */
  post(path: string): Promise<URL>
  /** Changes parameters of the next redirects of the server to the app, as an attacker might. */
  tamper(parameters: Readonly<Record<string, string>>): void
}

/** Opens a browser at an app. */
export function visitApp(
  origin: string,
  { issuer, server, user }: Pick<Identity, 'issuer' | 'server' | 'user'>,
): AppVisit {
  const app = openBrowser({ origin, knownSecrets: server.knownSecrets })
  const identity = openBrowser({ origin: issuer, knownSecrets: server.knownSecrets })
  let changes: Readonly<Record<string, string>> = {}
  const follow = async (url: string): Promise<AppPage> => {
    const callback = await callbackOf(identity, url, user)
    for (const [name, value] of Object.entries(changes)) callback.searchParams.set(name, value)
    const { status, body, ...page } = await app.open(callback)
    return { status, url: page.url, text: body }
  }
  return {
    origin,
    follow,
    post: async (path) => (await app.open(origin + path, { method: 'POST' })).url,
    tamper: (parameters) => void (changes = parameters),
    async open(path, init) {
      const { url, status, body } = await app.open(origin + path, init)
      return url.origin === issuer ? follow(url.href) : { url, status, text: body }
    },
  }
}

/** Signs in and allows. Returns the URL of the app that the server redirects to. */
async function callbackOf(identity: Browser, url: string, user: TestUser): Promise<URL> {
  const { url: callback, text } = await authorize(identity, url, user)
  if (callback.origin === new URL(url).origin) throw new Error(`The server did not redirect: ${text}`)
  return new URL(callback)
}
