import { afterAll, beforeAll, expect, test } from 'vitest'
import { startService, timeUntil, type Service } from '../guard/start-service.ts'
import { callAdminApi } from '../support/admin-api.ts'
import { openBrowser } from '../support/browser.ts'
import { printDurations, refreshOutcome, startCluster, type Cluster } from '../support/cluster.ts'
import { addDeviceClient, decideDevice, getDeviceTokens, startDevice } from '../support/device.ts'
import { getCodeFlowTokens, getTokens } from '../support/oauth-client.ts'
import { startServer, type TestClient } from '../support/server.ts'

/* A client is revoked at one process. Its tokens stop working at another one, and at the guard of another service. */
const server = await startServer()
const user = await server.addUser()
const follower = await server.addClient({ followsRevocations: true, redirectUris: [] })
let cluster: Cluster, service: Service
beforeAll(async () => {
  cluster = await startCluster(server, 2)
  const credentials = { clientId: follower.id, clientSecret: follower.secret ?? '' }
  service = await startService({ issuer: server.issuer, revocations: credentials })
})
afterAll(async () => {
  await service[Symbol.asyncDispose]()
  await cluster.stop()
  await server.close()
})

interface Issued {
  readonly client: TestClient
  readonly access: string
  readonly refresh?: string
}

async function visit(client: TestClient): Promise<Issued> {
  const tokens = await getCodeFlowTokens({ server, browser: openBrowser(server), client, user })
  return { client, access: tokens.access_token, refresh: tokens.refresh_token }
}

/** A client of each kind, with its tokens. */
const KINDS: Readonly<Record<string, () => Promise<Issued>>> = {
  'a web app': async () => visit(await server.addClient()),
  'a third-party app': async () => visit(await server.addClient({ isThirdParty: true })),
  'an app that a user registered': async () => visit(await server.addClient({ ownerId: user.id })),
  'a public app': async () => visit(await server.addClient({ type: 'public' })),
  async 'a machine'() {
    const client = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
    const request = { grant_type: 'client_credentials', scope: 'orders:read' }
    return { client, access: (await getTokens(server, client, request)).access_token }
  },
  async 'a device'() {
    const client = await addDeviceClient(server)
    const device = await startDevice(server, client)
    await decideDevice(openBrowser(server), device, user)
    const tokens = await getDeviceTokens(server, device)
    return { client, access: tokens.access_token, refresh: tokens.refresh_token }
  },
}

test('the tokens of a revoked client of any kind stop working everywhere, and no others do', async () => {
  const kept = await visit(await server.addClient())
  const issued = await Promise.all(Object.values(KINDS).map((issue) => issue()))
  const places = [...cluster.nodes.map(({ origin }) => origin), service.origin]
  const ask = (origin: string, token: string) => async () => {
    const response = await fetch(`${origin}/anyone`, { headers: { authorization: `Bearer ${token}` } })
    return { status: response.status, challenge: null, retryAfter: null, body: {} }
  }
  for (const origin of places)
    for (const { access } of issued) expect((await ask(origin, access)()).status).toBe(200)
  const [node] = cluster.nodes
  for (const { client } of issued)
    await callAdminApi(node ?? server, { action: 'revoke client', id: client.id })
  const durations = await Promise.all(
    places.flatMap((origin) => issued.map(({ access }) => timeUntil(401, ask(origin, access)))),
  )
  printDurations('A revoked client', durations)
  for (const { client, refresh } of issued)
    for (const each of cluster.nodes)
      if (refresh !== undefined) expect(await refreshOutcome(each, client, refresh)).toBe('invalid_client')
  for (const origin of places) expect((await ask(origin, kept.access)()).status).toBe(200)
})
