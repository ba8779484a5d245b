import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { toNode } from '../../src/adapters/node.ts'
import { createAuthorizationServer, silentLogger } from '../../src/index.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { guardedApi } from './api.ts'
import { commonConfig } from './config.ts'
import type { TestSecrets } from './secrets.ts'

/** What a process is told to begin with. */
export interface ServeOrder {
  readonly issuer: string
  readonly file: string
  readonly secrets: TestSecrets
}

/** What it says then: its port. */
export interface Serving {
  readonly port: number
}

/** A process of its own with one server: it is sent an order, listens on a free port and says which. */
process.once('message', (order: ServeOrder) => void serve(order))

async function serve({ issuer, file, secrets }: ServeOrder): Promise<void> {
  const config = { ...commonConfig(), issuer, secrets, store: sqlite(file), logger: silentLogger }
  const server = createAuthorizationServer(config)
  await server.ready()
  const http = createServer(toNode(server).routes(guardedApi(server)))
  http.listen(0, '127.0.0.1', () => process.send?.({ port: (http.address() as AddressInfo).port }))
}
