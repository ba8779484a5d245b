import { afterEach, expect, test, vi } from 'vitest'
import { createAuthorizationServer, silentLogger } from '../../src/index.ts'
import { testSecrets } from '../../src/keys/test-secrets.ts'
import { createTestServer } from '../../src/testing/index.ts'
import { problemsOf, REQUIRED } from '../support/config.ts'
import { createSecrets } from '../support/secrets.ts'

afterEach(() => vi.unstubAllEnvs())

const ours = createSecrets()
const PUBLIC = await testSecrets.load()

/* Everyone has the secrets of test servers, because they are in the package. */
test.each([
  ['signing key', { ...ours, signingKeys: PUBLIC.signingKeys }],
  [
    'signing key, as a next one',
    { ...ours, signingKeys: [...ours.signingKeys, { ...PUBLIC.signingKeys[0], state: 'next' as const }] },
  ],
  ['root secret', { ...ours, secrets: PUBLIC.secrets }],
  ['secrets, from a source of its own', { description: 'a copy', load: async () => PUBLIC }],
])('a server does not start with the public %s of test servers', async (_what, secrets) => {
  const logger = silentLogger
  const server = createAuthorizationServer({ ...REQUIRED, logger, secrets: secrets as typeof ours })
  await expect(server.ready()).rejects.toThrow('are the public ones of consulate/testing')
  const response = await server.fetch(new Request('https://id.example.com/oauth/authorize'))
  expect(response.status).toBe(503)
  await server.close()
})

test('a test server is not created in production', () => {
  vi.stubEnv('NODE_ENV', 'production')
  expect(problemsOf(() => createTestServer())).toEqual([
    { path: 'NODE_ENV', message: 'is production, where test servers do not start' },
  ])
})

test('a server does not accept a token of a test server, even with the same issuer', async () => {
  const [real, testing] = [createAuthorizationServer(REQUIRED), createTestServer(REQUIRED)]
  const token = await testing.tokenFor('7', ['orders:read'])
  const request = new Request('https://id.example.com/', { headers: { authorization: `Bearer ${token}` } })
  expect(await testing.user('orders:read')(request)).toMatchObject({ kind: 'user' })
  expect(await real.user('orders:read')(request)).toMatchObject({ status: 401 })
  await Promise.all([real.close(), testing.close()])
})
