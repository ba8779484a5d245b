/** The memory per live revocation, by kind, as read from the database and over HTTP. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toNode } from '../../src/adapters/node.ts'
import { createGuard } from '../../src/guard/standalone.ts'
import { builtInUsers, clientCredentials, createAuthorizationServer, silentLogger } from '../../src/index.ts'
import { generateSecrets } from '../../src/keys/generate.ts'
import { secretsFromDirectory } from '../../src/keys/directory.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { createRevocationFeed } from '../../src/revocations/feed.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { insertRevocations, REVOCATIONS, type CommonKind } from '../targets/parts/revocations.ts'
import { aliveBytes, fileBytes, report } from './parts/finding.ts'

const KINDS: readonly CommonKind[] = ['authorization', 'session', 'token', 'user']
/** Reading a million over HTTP takes a minute. */
const OVER_HTTP = REVOCATIONS / 4

const folder = await mkdtemp(join(tmpdir(), 'bench-'))
/** Keeps what was measured before alive, so that its release does not count. */
const kept: unknown[] = []

async function openStore(name: string) {
  const file = join(folder, name)
  const store = sqlite(file)
  await store.migrate()
  return { file, store }
}

async function readFromStore(kind: CommonKind): Promise<void> {
  const { file, store } = await openStore(kind)
  const source = store.revocations
  const feed = createRevocationFeed({
    source,
    clock: systemClock,
    logger: silentLogger,
    pollInterval: 1000,
    maxStaleness: 10_000,
  })
  kept.push(feed)
  const disk = fileBytes(file)
  insertRevocations(file, REVOCATIONS, [kind])
  const heap = aliveBytes()
  await feed.sync()
  if (feed.size !== REVOCATIONS) throw new Error(`${feed.size} revocations of kind ${kind}`)
  const what = `live revocation of kind ${kind}`
  report({ what, count: REVOCATIONS, heap: aliveBytes() - heap, disk: fileBytes(file) - disk })
  await store.close()
}

async function readOverHttp(): Promise<void> {
  const { file, store } = await openStore('http')
  insertRevocations(file, OVER_HTTP)
  await generateSecrets(join(folder, 'secrets'))
  const http = createServer().listen(0, '127.0.0.1')
  await once(http, 'listening')
  const issuer = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  const server = createAuthorizationServer({
    issuer,
    secrets: secretsFromDirectory(join(folder, 'secrets')),
    store,
    users: builtInUsers(),
    scopes: {},
    grants: [clientCredentials()],
    logger: silentLogger,
  })
  http.on('request', toNode(server).routes())
  const { client, secret = '' } = await server.clients.create({
    name: 'API',
    redirectUris: [],
    followsRevocations: true,
  })
  const guard = createGuard({
    issuer,
    revocations: { clientId: client.id, clientSecret: secret },
    logger: silentLogger,
  })
  kept.push(guard)
  const heap = aliveBytes()
  await guard.ready()
  report({ what: 'live revocation, mixed, over HTTP', count: OVER_HTTP, heap: aliveBytes() - heap })
  guard.close()
  http.close()
  http.closeAllConnections()
  await server.close()
}

for (const kind of KINDS) await readFromStore(kind)
await readOverHttp()
await rm(folder, { recursive: true })
