import { afterAll, expect, test } from 'vitest'
import { startServer } from '../support/server.ts'

const server = await startServer({ trustedProxies: ['10.0.0.1'] })
const client = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
afterAll(server.close)

const tokenRequest = (secret: string, headers: Record<string, string> = {}): Request =>
  new Request(server.endpoint('/oauth/token'), {
    method: 'POST',
    headers,
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: client.id,
      client_secret: secret,
    }),
  })

const refusedAddress = (): unknown => server.events.at(-1)?.payload['address']

test('server.fetch answers its endpoints', async () => {
  const response = await server.server.fetch(tokenRequest(client.secret ?? ''))
  expect(response.status).toBe(200)
  const { access_token: token } = (await response.json()) as { access_token: string }
  expect(server.knownSecrets.add('access token', token)).toMatch(/^eyJ/)
})

test('server.fetch answers any other path with 404', async () => {
  const response = await server.server.fetch(new Request(server.endpoint('/orders')))
  expect([response.status, response.headers.get('content-type')]).toEqual([404, 'application/json'])
  expect(await response.json()).toEqual({
    error: 'not_found',
    error_description: 'Nothing exists at this path',
  })
})

test('failures are counted for the address in `peer`', async () => {
  await server.server.fetch(tokenRequest('wrong'), { peer: '203.0.113.7' })
  expect(refusedAddress()).toBe('203.0.113.7')
})

test('X-Forwarded-For counts if `peer` is a trusted proxy, and otherwise does not', async () => {
  const forwarded = { 'x-forwarded-for': '198.51.100.9' }
  await server.server.fetch(tokenRequest('wrong', forwarded), { peer: '10.0.0.1' })
  expect(refusedAddress()).toBe('198.51.100.9')
  await server.server.fetch(tokenRequest('wrong', forwarded), { peer: '203.0.113.8' })
  expect(refusedAddress()).toBe('203.0.113.8')
  await server.server.fetch(tokenRequest('wrong', forwarded))
  expect(refusedAddress()).toBe('')
})
