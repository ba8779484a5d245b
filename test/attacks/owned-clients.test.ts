import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  authorizationCode,
  clientCredentials,
  deviceCode,
  passwordGrant,
  refreshToken,
} from '../../src/index.ts'
import type { ClientUpdate } from '../../src/index.ts'
import { basic, fetchJson, requestToken } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import type { TestClient } from '../support/server.ts'

/* A client that a user has registered, on a server with every grant that it must never get. */
const server = await startServer({
  grants: [authorizationCode(), refreshToken(), clientCredentials(), passwordGrant(), deviceCode()],
})
afterAll(server.close)

const user = await server.addUser()
const REQUESTS = {
  client_credentials: { grant_type: 'client_credentials', scope: 'orders:read' },
  password: { grant_type: 'password', username: user.email, password: user.password, scope: 'orders:read' },
} as const

let app: TestClient
beforeAll(async () => void (app = await server.addClient({ ownerId: user.id })))

/** Requests tokens with both grants. Returns what is refused. */
async function refusals(client: TestClient): Promise<readonly unknown[]> {
  const responses = []
  for (const request of Object.values(REQUESTS)) responses.push(await requestToken(server, client, request))
  return responses.map(({ body }) => body['error'])
}

const REFUSED = ['unauthorized_client', 'unauthorized_client']

describe('a client that a user registered never gets machine tokens or passwords,', () => {
  test.each<[string, object]>([
    ['client credentials', { grantTypes: ['client_credentials'] }],
    ['the password grant', { grantTypes: ['authorization_code', 'password'] }],
    ['no owner', { ownerId: null }],
    ['a first party', { isThirdParty: false }],
    ['the revocation feed', { followsRevocations: true }],
    ['introspection', { introspects: true }],
    ['silent access', { skipsConsent: true }],
  ])('and no update gives it %s', async (_what, update) => {
    const before = await server.store.clients.find(app.id)
    await expect(server.server.clients.update(app.id, update as ClientUpdate)).rejects.toThrow()
    expect(await server.store.clients.find(app.id)).toEqual(before)
    expect(await refusals(app)).toEqual(REFUSED)
  })

  test.each<[string, string]>([
    ['lists the grants', `grant_types = '["client_credentials","password","refresh_token"]'`],
    ['also says that it is first-party', 'is_third_party = 0'],
    [
      'also gives it every privilege',
      'skips_consent = 1, follows_revocations = 1, introspects = 1, scopes = null',
    ],
  ])('even if its row %s', async (_what, change) => {
    const database = new DatabaseSync(server.file)
    database.prepare(`update consulate_clients set ${change} where id = ?`).run(app.id)
    database.close()
    server.clock.advance('2s')
    expect(await refusals(app)).toEqual(REFUSED)
    const headers = { authorization: basic(app.id, app.secret ?? '') }
    const feed = await fetchJson(server, '/oauth/revocations', { headers })
    expect([feed.status, feed.body['error']]).toEqual([403, 'unauthorized_client'])
  })
})

test('an update of its name keeps it third-party, whatever else changed', async () => {
  const other = await server.addClient({ ownerId: user.id })
  await server.server.clients.update(other.id, { name: 'Renamed' })
  expect(await server.server.clients.find(other.id)).toMatchObject({ ownerId: user.id, isThirdParty: true })
  expect(await refusals(other)).toEqual(REFUSED)
})
