import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { Store } from '../../../src/index.ts'
import { startService, type Service } from '../../guard/start-service.ts'
import { openBrowser, type Browser } from '../../support/browser.ts'
import { getCodeFlowTokens, authorize, authorizationUrl } from '../../support/oauth-client.ts'
import { addDeviceClient } from '../../support/device.ts'
import { startProcess, type ProcessOptions, type ServerProcess } from '../../support/process.ts'
import { listen, startServer, type TestClient, type TestServer, type TestUser } from '../../support/server.ts'
import { cookieOf } from '../kill/load.ts'
import type { Pair } from './ledger.ts'

/** A process of the server. */
export interface Node {
  readonly name: string
  readonly server: TestServer
  readonly process: ServerProcess
  /** True while a fault keeps it from answering. */
  isStopped: boolean
  /** How often that has happened. */
  stops: number
}

/** Stops the process of a node (SIGSTOP). */
export function freezeNode(node: Node): void {
  node.isStopped = true
  node.stops += 1
  node.process.freeze()
}

/** Undoes `freezeNode`. */
export function thawNode(node: Node): void {
  node.process.thaw()
  node.isStopped = false
}

/** Two nodes, a guard in a service of its own, and their clients and users. */
export interface World {
  readonly nodes: readonly [Node, Node]
  readonly service: Service
  readonly clients: {
    readonly app: TestClient
    readonly machine: TestClient
    readonly api: TestClient
    readonly device: TestClient
  }
  readonly user: TestUser
  /** The `Cookie` header of a session of the user. */
  readonly cookie: string
  /** Tokens that stay valid during the whole test. */
  readonly valid: Pair
  /** The latest tokens of chains of refreshes. */
  readonly chains: string[]
  stop(): Promise<void>
}

/** Where the nodes find the database, and Redis if there is one. */
export interface WorldOptions extends ProcessOptions {
  /** The database, not through a proxy, for what must exist beforehand. */
  readonly store?: Store
}

const CHAINS = 3

/** Opens a browser that reaches a node under the name of the issuer. */
export const openBrowserAt = ({ issuer, ...node }: TestServer): Browser =>
  openBrowser({ ...node, formOrigin: new URL(issuer).origin })

/** Starts the nodes on an empty database, and the service. */
export async function openWorld({ store, ...options }: WorldOptions): Promise<World> {
  const entrance = createServer()
  const issuer = await listen(entrance)
  const home = await startServer({
    issuer,
    ...(store && { store }),
    ...(options.file && { file: options.file }),
  })
  const prepared = await prepare(home)
  // From now on, only the nodes use the database.
  await home.server.close()
  const nodes = await startNodes({ ...home, issuer }, options)
  let turn = 0
  entrance.on('request', (request, response) => {
    turn += 1
    void passOn([nodes[turn % 2] ?? nodes[0], nodes[(turn + 1) % 2] ?? nodes[1]], request, response)
  })
  const { follower, ...rest } = prepared
  const service = await startService({
    issuer,
    revocations: { clientId: follower.id, clientSecret: follower.secret ?? '' },
  })
  await service.ask('ready')
  return {
    ...rest,
    nodes,
    service,
    async stop() {
      await service[Symbol.asyncDispose]()
      await Promise.all(nodes.map(({ process }) => process.kill()))
      entrance.close()
      entrance.closeAllConnections()
    },
  }
}

async function startNodes(home: TestServer, options: ProcessOptions): Promise<World['nodes']> {
  const start = async (name: string): Promise<Node> => {
    const process = await startProcess(home, options)
    return { name, server: process.node, process, isStopped: false, stops: 0 }
  }
  return Promise.all([start('node 1'), start('node 2')])
}

async function prepare(home: TestServer) {
  const [user, app, device] = [
    await home.addUser(),
    await home.addClient({ skipsConsent: true }),
    await addDeviceClient(home),
  ]
  const machine = await home.addClient({ grantTypes: ['client_credentials'] })
  const api = await home.addClient({ introspects: true, redirectUris: [] })
  const follower = await home.addClient({ followsRevocations: true, redirectUris: [] })
  const browser = openBrowserAt(home)
  const signIn = async () => {
    const tokens = await getCodeFlowTokens({ server: home, browser: openBrowserAt(home), client: app, user })
    return { client: 'app' as const, access: tokens.access_token, refresh: tokens.refresh_token }
  }
  const valid = await signIn()
  const chains: string[] = []
  for (let count = 0; count < CHAINS; count += 1) chains.push((await signIn()).refresh)
  await authorize(browser, authorizationUrl(home, app, { scope: 'orders:read' }), user)
  const cookie = cookieOf(browser.cookies)
  return { clients: { app, machine, api, device }, follower, user, cookie, valid, chains }
}

/** Milliseconds. A load balancer stops waiting for a node after some time, and asks another one. */
const PATIENCE = 2_000

/** Answers a request with that of the first node that responds. */
async function passOn(
  nodes: readonly Node[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { host: _, connection: __, 'content-length': ___, ...headers } = request.headers
  const { method = 'GET', url = '/' } = request
  const body = await buffer(request)
  for (const { server } of nodes) {
    try {
      const answer = await fetch(server.origin + url, {
        method,
        headers: headers as Record<string, string>,
        redirect: 'manual',
        signal: AbortSignal.timeout(PATIENCE),
        ...(body.length > 0 && { body }),
      })
      const content = Buffer.from(await answer.arrayBuffer())
      const {
        'content-encoding': ____,
        'transfer-encoding': _____,
        ...rest
      } = Object.fromEntries(answer.headers)
      response.writeHead(answer.status, rest).end(content)
      return
    } catch {
      // The other one.
    }
  }
  response.writeHead(504).end()
}
