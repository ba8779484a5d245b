import { afterAll, describe, expect, test } from 'vitest'
import { resolveResources } from '../../src/config/resources.ts'
import { createGuard } from '../../src/guard/standalone.ts'
import type { MachineAuth, RequestGuard } from '../../src/guard/standalone.ts'
import { silentLogger } from '../../src/lib/log.ts'
import { createValidator } from '../../src/lib/validator.ts'
import { configProblems, problemsOf } from '../support/config.ts'
import { getTokens } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'

const issuer = 'https://id.example'
const [mcp, billing, audience] = [`${issuer}/mcp`, 'https://billing.example', `${issuer}/api`]
const server = await startServer({
  issuer,
  audience,
  resources: [
    { uri: mcp, name: 'Orders MCP', scopes: ['orders:read', 'profile'] },
    billing,
    'urn:example:ledger',
    `${issuer}/reports?year=2026`,
  ],
})
afterAll(server.close)
const { server: guards } = server

const machine = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
const tokenFor = async (resource?: string | readonly string[]): Promise<string> =>
  (
    await getTokens(server, machine, {
      grant_type: 'client_credentials',
      scope: 'orders:read',
      resource,
    })
  ).access_token
const tokens = {
  default: await tokenFor(),
  mcp: await tokenFor(mcp),
  billing: await tokenFor(billing),
  both: await tokenFor([mcp, billing]),
}

type Guard = RequestGuard<MachineAuth>

async function ask(guard: Guard, token?: string): Promise<{ status: number; challenge: string | null }> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const result = await guard(new Request('https://api.example', { headers }))
  if (!(result instanceof Response)) return { status: 200, challenge: null }
  return { status: result.status, challenge: result.headers.get('www-authenticate') }
}

const statusesOf = async (guard: Guard): Promise<readonly number[]> =>
  Promise.all(Object.values(tokens).map(async (token) => (await ask(guard, token)).status))

describe('a guard', () => {
  test.each<[string, Guard, readonly number[]]>([
    ['without a resource accepts tokens for the audience only', guards.machine(), [200, 401, 401, 401]],
    ['with a resource accepts tokens for it only', guards.machine({ resource: mcp }), [401, 200, 401, 200]],
    [
      'with a resource of another origin accepts tokens for it only',
      guards.machine({ resource: `${billing}/`, allOf: ['orders:read'] }),
      [401, 401, 200, 200],
    ],
    [
      'with several resources accepts tokens for any of them',
      guards.machine({ resource: [billing, audience] }, 'orders:read'),
      [200, 401, 200, 200],
    ],
    [
      'with the audience as its resource is like one without',
      guards.machine({ resource: audience }),
      [200, 401, 401, 401],
    ],
    [
      'asks the store about tokens for a resource too',
      guards.machine({ resource: mcp, strict: true }),
      [401, 200, 401, 200],
    ],
  ])('%s', async (_, guard, statuses) => {
    // Twice: the second time, the tokens are in the cache.
    expect([await statusesOf(guard), await statusesOf(guard)]).toEqual([statuses, statuses])
  })

  test('checks kind and scopes of tokens for a resource', async () => {
    expect((await ask(guards.user({ resource: mcp }) as unknown as Guard, tokens.mcp)).status).toBe(401)
    expect((await ask(guards.machine({ resource: mcp }, 'profile'), tokens.mcp)).status).toBe(403)
  })

  test('can be for one provider and a resource', async () => {
    expect(await statusesOf(guards.for('users').machine({ resource: mcp }))).toEqual([401, 200, 401, 200])
  })

  test.each<[string, () => unknown, string]>([
    [
      'an unknown resource',
      () => guards.user({ resource: 'https://elsewhere.example' }),
      'unknown resource "https://elsewhere.example"',
    ],
    ['a path below a resource', () => guards.user({ resource: `${mcp}/v1` }), 'unknown resource'],
    ['no resource in the list', () => guards.user({ resource: [] }), 'resource must be a URI'],
    [
      'a resource that is not a text',
      () => guards.user({ resource: 1 as unknown as string }),
      'resource must be a URI',
    ],
    [
      'a scope that the resource does not have',
      () => guards.user({ resource: mcp }, 'orders:create'),
      'not one of the scopes of the resource',
    ],
  ])('cannot be created with %s', (_, create, message) => {
    const problems = problemsOf(create)
    expect(problems.map(({ path }) => path)).toEqual(['user'])
    expect(problems[0]?.message).toContain(message)
  })
})

describe('the challenge (RFC 9728 section 5.1)', () => {
  const metadataIn = (challenge: string | null): string | undefined =>
    /, resource_metadata="([^"]*)"$/.exec(challenge ?? '')?.[1]

  test('names the metadata of the resource, whatever is wrong with the token', async () => {
    const guard = guards.machine({ resource: mcp }, 'profile')
    for (const token of [undefined, 'abc', tokens.billing, tokens.mcp]) {
      const { challenge } = await ask(guard, token)
      expect(metadataIn(challenge)).toBe(`${issuer}/.well-known/oauth-protected-resource/mcp`)
    }
  })

  test.each([
    ['a resource of another origin', billing, 'https://billing.example/.well-known/oauth-protected-resource'],
    ['the audience of the configuration', audience, `${issuer}/.well-known/oauth-protected-resource/api`],
    ['the first of several', [billing, mcp], 'https://billing.example/.well-known/oauth-protected-resource'],
    ['a resource that is not on the web', 'urn:example:ledger', undefined],
    ['a resource with a query', `${issuer}/reports?year=2026`, undefined],
  ])('for %s', async (_, resource, expected) => {
    expect(metadataIn((await ask(guards.machine({ resource }))).challenge)).toBe(expected)
  })

  test('names none if the configuration names no resource', async () => {
    await using plain = await startServer()
    const { challenge } = await ask(plain.server.machine())
    expect(challenge).toBe(`Bearer realm="${plain.issuer}"`)
  })
})

describe('the metadata of a resource (RFC 9728)', () => {
  const read = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${server.origin}/.well-known/oauth-protected-resource${path}`, init)

  test('tells clients where to get tokens, and which scopes to request', async () => {
    const response = await read('/mcp')
    expect(response.headers.get('cache-control')).toBe('public, max-age=60')
    expect(await response.json()).toEqual({
      resource: mcp,
      authorization_servers: [issuer],
      scopes_supported: ['orders:read', 'profile'],
      bearer_methods_supported: ['header'],
      resource_name: 'Orders MCP',
    })
  })

  test('is served for the audience too, with all scopes', async () => {
    expect(await (await read('/api')).json()).toEqual({
      resource: audience,
      authorization_servers: [issuer],
      scopes_supported: ['orders:read', 'orders:create', 'profile'],
      bearer_methods_supported: ['header'],
    })
  })

  test('can be read by scripts of every origin, with any header', async () => {
    const response = await read('/mcp', {
      method: 'OPTIONS',
      headers: { origin: 'https://inspector.example' },
    })
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(response.headers.get('access-control-allow-headers')).toContain('MCP-Protocol-Version')
    expect((await read('/mcp')).headers.get('access-control-allow-origin')).toBe('*')
  })

  test('is a route of the server, unless the resource is on another origin', () => {
    const routes = guards.routes.filter(({ path }) => path.includes('oauth-protected-resource'))
    expect(routes.map(({ name, path }) => [name, path])).toEqual([
      ['resource metadata (/api)', '/.well-known/oauth-protected-resource/api'],
      ['resource metadata (/mcp)', '/.well-known/oauth-protected-resource/mcp'],
    ])
  })

  test('is a path that the server handles, exactly', () => {
    const paths = ['/mcp', '/api', '', '/mcp/', '/billing'].map(
      (path) => `/.well-known/oauth-protected-resource${path}`,
    )
    expect(paths.map((path) => guards.handles(path))).toEqual([true, true, false, false, false])
  })

  test('is not served below, above or beside the path', async () => {
    // Next redirects paths with such slashes to those without before anything sees them.
    const slashes = process.env['FRAMEWORK'] === 'next' ? [] : ['/mcp/', '//mcp']
    const others = ['', '/', '/mcp/v1', '/MCP', '/%6dcp', '/x/../../mcp%2f', '/reports']
    for (const path of [...slashes, ...others]) expect((await read(path)).status, path).toBe(404)
  })

  test('is that of an issuer with a path before that path', async () => {
    await using tenant = await startServer({ path: '/tenant' })
    const response = await fetch(`${tenant.origin}/.well-known/oauth-protected-resource/tenant`)
    expect(await response.json()).toMatchObject({
      resource: tenant.issuer,
      authorization_servers: [tenant.issuer],
    })
  })

  test('can be served by the app for a resource on another origin', () => {
    expect(guards.resourceMetadata(`${billing}/`)).toMatchObject({
      resource: billing,
      authorization_servers: [issuer],
    })
    const [problem] = problemsOf(() => guards.resourceMetadata('https://elsewhere.example'))
    expect(problem?.message).toContain('has no "https://elsewhere.example"')
  })
})

describe('a guard in another service', () => {
  const create = (options: object) =>
    createGuard({ issuer: server.origin, revocations: 'none', logger: silentLogger, ...options })

  test('names the metadata of its audience and returns it to be served', async () => {
    const guard = create({ audience: mcp, resourceMetadata: { name: 'Orders MCP', scopes: ['orders:read'] } })
    const refused = await guard.user()(new Request(mcp))
    expect(refused instanceof Response && refused.headers.get('www-authenticate')).toBe(
      `Bearer realm="${server.origin}", resource_metadata="${issuer}/.well-known/oauth-protected-resource/mcp"`,
    )
    expect(guard.resourceMetadata()).toEqual({
      resource: mcp,
      authorization_servers: [server.origin],
      scopes_supported: ['orders:read'],
      bearer_methods_supported: ['header'],
      resource_name: 'Orders MCP',
    })
    guard.close()
  })

  test('accepts tokens for any of its audiences, and narrows routes to one', async () => {
    await using other = await startServer({ resources: [mcp, billing] })
    const client = await other.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
    const guard = create({ issuer: other.issuer, audience: [mcp, billing] })
    const all: number[][] = []
    for (const resource of [undefined, mcp, billing]) {
      const parameters = { grant_type: 'client_credentials', scope: 'orders:read', resource }
      const { access_token: token } = await getTokens(other, client, parameters)
      const checks = [guard.machine(), guard.machine({ resource: billing }, 'orders:read')]
      all.push(await Promise.all(checks.map(async (check) => (await ask(check, token)).status)))
    }
    expect(all).toEqual([
      [401, 401],
      [200, 401],
      [200, 200],
    ])
    expect(() => guard.user({ resource: other.issuer })).toThrow('unknown resource')
    guard.close()
  })

  test('limits the scopes of its first audience only', () => {
    const resourceMetadata = { scopes: ['orders:read'] }
    const guard = create({ audience: [mcp, billing], resourceMetadata })
    expect(() => guard.user({ resource: mcp }, 'orders:create')).toThrow('not one of the scopes')
    expect(() => guard.user({ resource: billing }, 'orders:create')).not.toThrow()
    guard.close()
  })

  test('can name a URL of its own for its metadata', async () => {
    const url = 'https://docs.example/metadata.json'
    const guard = create({ audience: 'orders', resourceMetadata: { url } })
    const refused = await guard.user()(new Request(mcp))
    expect(refused instanceof Response && refused.headers.get('www-authenticate')).toContain(
      `resource_metadata="${url}"`,
    )
    guard.close()
  })

  test.each([
    ['audience', { audience: '' }],
    ['audience', { audience: [] }],
    ['audience', { audience: [mcp, 1] }],
    ['resourceMetadata', { audience: 'orders', resourceMetadata: {} }],
    ['resourceMetadata.url', { audience: mcp, resourceMetadata: { url: 'https://x.example/"' } }],
    ['resourceMetadata.title', { audience: mcp, resourceMetadata: { title: 'Orders' } }],
  ])('rejects %s: %j', (path, options) => {
    expect(problemsOf(() => create(options)).map((problem) => problem.path)).toEqual([path])
  })
})

describe('a configuration', () => {
  test.each<[string, unknown]>([
    ['resources[0]', 'orders'],
    ['resources[0]', 'https://api.example/#v1'],
    ['resources[0]', 'https://api.example/"'],
    ['resources[0]', 'https://api.example/\r\nX: y'],
    ['resources[0]', 'https://api.example\\orders'],
    ['resources[0]', 'https:api.example'],
    ['resources[0]', 'https://user:secret@api.example'],
    ['resources[0]', 'https://bücher.example'],
    ['resources[0]', 'https://api.example/{id}'],
    ['resources[0]', 1],
    ['resources[0]', null],
    ['resources[0].uri', {}],
    ['resources[0].url', { uri: billing, url: billing }],
    ['resources[0].name', { uri: billing, name: ' ' }],
    ['resources[0].scopes', { uri: billing, scopes: 'orders:read' }],
    ['resources[0].scopes[0]', { uri: billing, scopes: ['orders:write'] }],
  ])('is refused with %s: %j', (path, resource) => {
    const problems = configProblems({ resources: [resource] })
    expect(problems.map((line) => line.split(': ', 1)[0])).toContain(path)
  })

  test.each([
    ['HTTPS://Billing.example', 'https://billing.example'],
    ['https://billing.example:443/v1', 'https://billing.example/v1'],
    ['https://billing.example/a/../v1', 'https://billing.example/v1'],
  ])('says how to write %s', (resource, normal) => {
    expect(configProblems({ resources: [resource] })).toEqual([
      `resources[0]: must be written as ${normal}, in its normal form`,
    ])
  })

  test('can describe the audience in another spelling', () => {
    const given = { issuer, audience: billing, scopes: new Set<string>() }
    const resources = [mcp, { uri: `${billing}/`, name: 'Billing' }]
    const resolved = resolveResources({ ...given, resources }, createValidator())
    expect(resolved.protectedResources).toMatchObject([{ uri: billing, name: 'Billing' }, { uri: mcp }])
  })

  test('is refused if it lists a resource twice', () => {
    expect(configProblems({ resources: [billing, { uri: `${billing}/` }] })).toEqual([
      'resources[1]: is listed twice',
    ])
  })
})
