/** Starts one node over a database, and prints how long that took and the memory that it needs. */
import {
  authorizationCode,
  builtInUsers,
  createAuthorizationServer,
  refreshToken,
  secretsFromDirectory,
  silentLogger,
} from '../../src/index.ts'
import { openStore, parseDatabase } from './database.ts'

/** What `node.ts` prints, as JSON. */
export interface NodeCost {
  /** Milliseconds until the first request could be answered, revocations included. */
  readonly start: number
  /** Bytes of the process, and of its heap after a collection. */
  readonly resident: number
  readonly heap: number
}

const [, , name = '', location = '', secrets = ''] = process.argv
const startedAt = performance.now()
const server = createAuthorizationServer({
  issuer: 'https://auth.example.com',
  secrets: secretsFromDirectory(secrets),
  store: await openStore(parseDatabase(name), location),
  users: builtInUsers(),
  scopes: {},
  grants: [authorizationCode(), refreshToken()],
  logger: silentLogger,
})
await server.ready()
const start = performance.now() - startedAt
globalThis.gc?.()
globalThis.gc?.()
const { rss: resident, heapUsed: heap } = process.memoryUsage()
console.log(JSON.stringify({ start, resident, heap } satisfies NodeCost))
await server.close()
