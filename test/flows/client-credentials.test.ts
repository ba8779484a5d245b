import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, expect, test } from 'vitest'
import { clientCredentials } from '../../src/index.ts'
import { callApi, requestToken, getTokens } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'

const server = await startServer({ grants: [clientCredentials({ accessTokenLifetime: '1h' })] })
const machine = await server.addClient({
  grantTypes: ['client_credentials'],
  scopes: ['orders:read', 'profile'],
})
const grant = { grant_type: 'client_credentials' }
afterAll(server.close)

test('a client gets a token for itself, and no refresh token', async () => {
  const { status, body } = await requestToken(server, machine, { ...grant, scope: 'orders:read' })
  expect(status).toBe(200)
  expect(body).toEqual({
    access_token: expect.any(String) as unknown,
    token_type: 'Bearer',
    expires_in: 3600,
    scope: 'orders:read',
  })
})

test('the subject of the token is the client, not a user', async () => {
  const { access_token: token } = await getTokens(server, machine, grant)
  const keys = createRemoteJWKSet(new URL(server.endpoint('/.well-known/jwks.json')))
  const { payload } = await jwtVerify(token, keys, { issuer: server.issuer, typ: 'at+jwt' })
  expect(payload).toMatchObject({ sub: machine.id, client_id: machine.id, subject_type: 'client' })
  for (const claim of ['azn', 'sid', 'provider']) expect(payload).not.toHaveProperty(claim)
})

test('the token is accepted by machine routes with its scopes, and by no user route', async () => {
  const { access_token: token } = await getTokens(server, machine, { ...grant, scope: 'orders:read' })
  const { access_token: lesser } = await getTokens(server, machine, { ...grant, scope: 'profile' })
  expect(await callApi(server, '/machine/orders', token)).toMatchObject({
    status: 200,
    body: { kind: 'machine', client: { id: machine.id }, scopes: ['orders:read'] },
  })
  expect((await callApi(server, '/machine/orders', lesser)).status).toBe(403)
  expect((await callApi(server, '/anyone', token)).status).toBe(200)
  expect((await callApi(server, '/me', token)).status).toBe(401)
})

test('a client gets only scopes on its record', async () => {
  const { status, body } = await requestToken(server, machine, { ...grant, scope: 'orders:create' })
  expect([status, body['error']]).toEqual([400, 'invalid_scope'])
})

test('a client without scopes on its record gets none', async () => {
  const bare = await server.addClient({ grantTypes: ['client_credentials'] })
  expect((await getTokens(server, bare, grant)).scope).toBe('')
  expect((await requestToken(server, bare, { ...grant, scope: 'profile' })).body['error']).toBe(
    'invalid_scope',
  )
})

test('a client gets * only if its record lists it', async () => {
  const almighty = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['*'] })
  const { access_token: token } = await getTokens(server, almighty, { ...grant, scope: '*' })
  expect((await callApi(server, '/machine/orders', token)).status).toBe(200)
  expect((await requestToken(server, machine, { ...grant, scope: '*' })).body['error']).toBe('invalid_scope')
})

test('a third-party client cannot use the grant', async () => {
  const owned = await server.addClient({ ownerId: 'ada' })
  // A row that registration and updates would reject.
  await server.store.clients.update(owned.id, { grantTypes: ['client_credentials'] })
  const { status, body } = await requestToken(server, owned, grant)
  expect([status, body['error']]).toEqual([400, 'unauthorized_client'])
})

test('a revoked client is rejected, and its tokens stop working immediately', async () => {
  const gone = await server.addClient({ grantTypes: ['client_credentials'] })
  const { access_token: token } = await getTokens(server, gone, grant)
  expect((await callApi(server, '/machine', token)).status).toBe(200)
  await server.server.clients.revoke(gone.id)
  expect((await callApi(server, '/machine', token)).body['error_description']).toBe('Token revoked')
  expect((await requestToken(server, gone, grant)).body['error']).toBe('invalid_client')
})

test('one token can be revoked by its ID', async () => {
  const [first, second] = [await getTokens(server, machine, grant), await getTokens(server, machine, grant)]
  const { body } = await callApi(server, '/machine', first.access_token)
  await server.server.tokens.revoke({
    tokenId: String(body['tokenId']),
    expiresAt: Number(body['expiresAt']),
  })
  expect((await callApi(server, '/machine', first.access_token)).body['error_description']).toBe(
    'Token revoked',
  )
  expect((await callApi(server, '/machine', second.access_token)).status).toBe(200)
})
