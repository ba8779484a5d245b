import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { toNode } from '../../src/adapters/node.ts'
import { authorizationCode, deviceCode, refreshToken, signIn } from '../../src/index.ts'
import { bundleForBrowsers } from './browser-bundle.ts'
import { startNetwork } from './faulty-network.ts'
import type { FaultyNetwork } from './faulty-network.ts'
import { listen, startServer } from './server.ts'
import type { TestServer } from './server.ts'

/** A web app with its own API, whose users sign in with `consulate/browser`. */
export interface WebApp {
  /** Where the page and the API are. */
  readonly origin: string
  readonly server: TestServer
  /** Between the page and the server. Its origin is the issuer. */
  readonly network: FaultyNetwork
  /** Another site, which allows requests from any page. */
  readonly stranger: Stranger
  /** The number of requests to a path of the app. */
  calls(path: string): number
  /** The number of refreshes that were requested. */
  refreshes(): number
  /** Stops the server, and starts it again on the same database. */
  restart(duringOutage: () => Promise<void>): Promise<void>
  close(): Promise<void>
}

interface Stranger {
  readonly origin: string
  /** The `Authorization` header of each request it received. */
  readonly received: readonly (string | undefined)[]
}

const PAGE = `<!doctype html><title>App</title><link rel="icon" href="data:,">
<script type="module">globalThis.sdk = await import('/sdk.js')</script>`

/** Starts the app, the server, and the network between them. */
export async function startWebApp(): Promise<WebApp> {
  const folder = await mkdtemp(join(tmpdir(), 'consulate-app-'))
  const http = createServer()
  const origin = await listen(http)
  const network = await startNetwork()
  const stranger = await startStranger()
  const bundle = await bundleForBrowsers()
  const start = async (): Promise<TestServer> => {
    const grants = [
      authorizationCode(),
      refreshToken(),
      deviceCode({ interval: '1s' }),
      signIn({ origins: [origin] }),
    ]
    const started = await startServer({ grants, issuer: network.origin, file: join(folder, 'data.db') })
    network.connect(started.origin)
    return started
  }
  let server = await start()
  let api = apiOf(server)
  const calls: string[] = []
  const away = `${stranger.origin}/collect`
  http.on('request', (request, response) => {
    const path = request.url?.split('?')[0] ?? '/'
    calls.push(path)
    if (path === '/sdk.js') response.setHeader('Content-Type', 'text/javascript').end(bundle)
    else if (path === '/away') response.writeHead(307, { Location: away }).end()
    else if (path in api) api[path]?.(request, response)
    else response.setHeader('Content-Type', 'text/html').end(PAGE)
  })
  return {
    origin,
    network,
    stranger,
    get server() {
      return server
    },
    calls: (path) => calls.filter((one) => one === path).length,
    refreshes: () => network.requests.filter((path) => path === '/auth/refresh').length,
    async restart(duringOutage) {
      network.connect(undefined)
      await server.close()
      await duringOutage()
      server = await start()
      api = apiOf(server)
    },
    async close() {
      for (const one of [http, stranger]) one.close()
      http.closeAllConnections()
      network.close()
      await server.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** `/orders` and `/echo` require a token, `/never` accepts none, and the others respond with 401 for another reason. */
function apiOf({ server }: TestServer): Readonly<Record<string, RequestListener>> {
  const guard = toNode(server).user('orders:read')
  const refuse =
    (challenge: string | undefined, body = ''): RequestListener =>
    (_request, response) =>
      void response.writeHead(401, challenge === undefined ? {} : { 'WWW-Authenticate': challenge }).end(body)
  return {
    '/orders': guard((_request, response) => void response.end('tea')),
    '/echo': guard(async (request, response) => {
      response.setHeader('Content-Type', request.headers['content-type'] ?? '')
      response.end(await text(request))
    }),
    '/never': refuse('Bearer error="invalid_token"'),
    '/basic': refuse('Basic realm="app"'),
    '/old-sign-in': refuse('Bearer error="insufficient_user_authentication"'),
    '/bare': refuse(undefined, '{"error":"invalid_signature"}'),
    '/body': refuse(undefined, '{ "error": "invalid_token" }'),
  }
}

const ANY_ORIGIN = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Headers': 'Authorization, *',
  'Access-Control-Allow-Methods': '*',
}

async function startStranger(): Promise<Stranger & { close(): void }> {
  const received: (string | undefined)[] = []
  const http = createServer((request, response) => {
    if (request.method !== 'OPTIONS') received.push(request.headers.authorization)
    response.writeHead(200, ANY_ORIGIN).end()
  })
  return { origin: await listen(http), received, close: () => void http.close() }
}
