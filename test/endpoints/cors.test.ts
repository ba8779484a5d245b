import { afterAll, describe, expect, test } from 'vitest'
import { startServer } from '../support/server.ts'

const server = await startServer()
await server.addClient({ type: 'public', redirectUris: ['https://spa.example/callback'] })
await server.addClient({ redirectUris: ['https://web.example/callback'] })
const revoked = await server.addClient({ type: 'public', redirectUris: ['https://gone.example/callback'] })
await server.server.clients.revoke(revoked.id)
afterAll(server.close)

const ask = (path: string, method: string, origin?: string) =>
  fetch(server.endpoint(path), {
    method,
    redirect: 'manual',
    headers: { ...(origin !== undefined && { origin }), 'access-control-request-method': 'POST' },
  })

const EXPOSED = 'Retry-After, WWW-Authenticate, X-Request-Id'

const allowedHeaders = ({ headers }: Response): readonly string[] =>
  (headers.get('access-control-allow-headers') ?? '').toLowerCase().split(', ')

const allowed = ({ headers }: Response): string | null => headers.get('access-control-allow-origin')

describe.each([
  '/.well-known/oauth-authorization-server',
  '/.well-known/oauth-protected-resource',
  '/.well-known/jwks.json',
])('%s', (path) => {
  test('can be read by every origin, without credentials', async () => {
    for (const method of ['GET', 'OPTIONS']) {
      const response = await ask(path, method, 'https://anywhere.example')
      expect(allowed(response)).toBe('*')
      expect(response.headers.get('access-control-allow-credentials')).toBeNull()
      expect(response.headers.get('access-control-expose-headers')).toBe(EXPOSED)
    }
  })

  test('allows any request header, such as the one of MCP clients', async () => {
    const preflight = await ask(path, 'OPTIONS', 'https://inspector.example')
    // A wildcard covers every header but Authorization (Fetch standard, CORS-preflight fetch).
    expect(allowedHeaders(preflight)).toEqual(['authorization', 'content-type', 'mcp-protocol-version', '*'])
    expect(preflight.headers.get('access-control-max-age')).toBe('600')
  })
})

describe('the token endpoint', () => {
  test("can be called from the origins of public clients' redirect URIs", async () => {
    const preflight = await ask('/oauth/token', 'OPTIONS', 'https://spa.example')
    expect(preflight.status).toBe(204)
    expect(allowed(preflight)).toBe('https://spa.example')
    expect(preflight.headers.get('access-control-allow-methods')).toContain('POST')
    expect(allowedHeaders(preflight)).toEqual(expect.arrayContaining(['authorization', 'content-type', '*']))
    expect(preflight.headers.get('access-control-allow-credentials')).toBeNull()
  })

  test('lets them read errors too', async () => {
    const response = await ask('/oauth/token', 'POST', 'https://spa.example')
    expect([response.status, allowed(response)]).toEqual([400, 'https://spa.example'])
    expect(response.headers.get('vary')).toBe('Origin')
    expect(response.headers.get('access-control-expose-headers')).toBe(EXPOSED)
  })

  test.each([
    "https://web.example, which is a confidential client's",
    'https://gone.example, whose client is revoked',
    'https://spa.example:8443, which is another port',
    'http://spa.example, which is another scheme',
    'https://evil.example, which is unknown',
    'null, which any site can send',
  ])('cannot be called from %s', async (text) => {
    const origin = text.split(',', 1)[0]
    for (const method of ['OPTIONS', 'POST']) {
      const response = await ask('/oauth/token', method, origin)
      expect(allowed(response)).toBeNull()
      expect(response.headers.get('vary')).toBe('Origin')
    }
  })
})

test.each(['/oauth/authorize', '/login', '/logout'])('%s cannot be read by other origins', async (path) => {
  for (const method of ['GET', 'POST', 'OPTIONS']) {
    const response = await ask(path, method, 'https://spa.example')
    expect(allowed(response)).toBeNull()
  }
})

test('OPTIONS returns the allowed methods', async () => {
  const answers = await Promise.all(
    ['/oauth/token', '/oauth/authorize', '/login', '/.well-known/jwks.json'].map((path) =>
      ask(path, 'OPTIONS'),
    ),
  )
  expect(answers.map(({ status }) => status)).toEqual([204, 204, 204, 204])
  expect(answers.map(({ headers }) => headers.get('allow'))).toEqual([
    'POST, OPTIONS',
    'GET, POST, DELETE, HEAD, OPTIONS',
    'GET, POST, HEAD, OPTIONS',
    'GET, HEAD, OPTIONS',
  ])
})
