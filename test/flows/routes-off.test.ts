import { afterAll, describe, expect, test } from 'vitest'
import {
  authorizationCode,
  createAuthorizationServer,
  deviceCode,
  implicitGrant,
  refreshToken,
  signIn,
} from '../../src/index.ts'
import type { RouteName } from '../../src/index.ts'
import { ROUTE_NAMES } from '../../src/model/route-name.ts'
import { configProblems, REQUIRED } from '../support/config.ts'
import { openBrowser } from '../support/browser.ts'
import { callApi, getCodeFlowTokens } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'

const OFF: readonly RouteName[] = [
  'introspect',
  'revocations',
  'revoke',
  'jwks',
  'scopes',
  'personal token',
  'api login (staff)',
  'api logout all',
  'resource metadata',
  'live',
]
const lookup = { find: async () => undefined, findByUsername: async () => undefined }
const staff = { ...lookup, verifyPassword: async () => false }
const config = {
  grants: [authorizationCode(), refreshToken(), deviceCode(), signIn()],
  providers: { staff },
}
const all = await startServer(config)
const server = await startServer({ ...config, routes: { off: OFF } })
afterAll(all.close)
afterAll(server.close)

describe('a route that is off', () => {
  test.each(OFF)('%s: answers 404 and is not listed', async (name) => {
    const route = all.server.routes.find((each) => each.name === name)
    expect(route).toBeDefined()
    const path = route?.path.replace('{id}', 'AAAAAAAAAAAAAAAAAAAAAA') ?? ''
    const { methods: [method = ''] = [] } = route ?? {}
    expect((await fetch(all.endpoint(path), { method })).status).not.toBe(404)
    expect((await fetch(server.endpoint(path), { method })).status).toBe(404)
    expect(server.server.handles(path)).toBe(false)
    expect(server.server.routes.map((each) => each.name)).not.toContain(name)
  })

  test('is not in the metadata, and the others are', async () => {
    const response = await fetch(server.endpoint('/.well-known/oauth-authorization-server'))
    const metadata = (await response.json()) as Record<string, unknown>
    const endpoints = Object.keys(metadata).filter((name) => /_endpoint$|_uri$/.test(name))
    expect(endpoints.toSorted()).toEqual([
      'authorization_endpoint',
      'device_authorization_endpoint',
      'token_endpoint',
    ])
    expect(Object.keys(metadata).filter((name) => /^(introspection|revocation)/.test(name))).toEqual([])
  })

  test('leaves the flows and guards as they are', async () => {
    const [user, client] = [await server.addUser(), await server.addClient()]
    const tokens = await getCodeFlowTokens({ server, browser: openBrowser(server), user, client })
    expect((await callApi(server, '/orders', tokens.access_token)).status).toBe(200)
  })
})

const problemOf = (name: string, changes: object = {}): readonly string[] =>
  configProblems({ ...changes, routes: { off: [name] } })

describe('a route must not be off', () => {
  const grants = [authorizationCode(), deviceCode()]
  const passwordReset = { send: () => undefined }
  const onPage = (page: string) => ({ accountPages: [page] })
  test.each([
    ['token', {}, 'the grant authorization_code needs it'],
    ['authorize', {}, 'the grant authorization_code needs it'],
    ['authorize', { grants: [implicitGrant()] }, 'the grant implicit needs it'],
    ['device', { grants }, 'the grant urn:ietf:params:oauth:grant-type:device_code needs it'],
    ['device authorization', { grants }, 'the grant urn:ietf:params:oauth:grant-type:device_code needs it'],
    ['login', {}, 'the grant authorization_code needs it'],
    ['login', { grants: [deviceCode()] }, 'the grant urn:ietf:params:oauth:grant-type:device_code needs it'],
    ['login', { grants: [signIn()], accountPages: ['devices'] }, 'accountPages needs it'],
    ['logout', {}, 'accountPages needs it'],
    ['logout', { accountPages: [] }, 'the page after the sign-in links to it'],
    ['account', {}, 'accountPages needs it'],
    ['devices page', {}, "remove 'devices' from accountPages instead"],
    ['apps page', {}, "remove 'apps' from accountPages instead"],
    ['password page', onPage('password'), "remove 'password' from accountPages instead"],
    ['tokens page', { personalTokens: {}, ...onPage('tokens') }, "remove 'tokens' from accountPages instead"],
    [
      'developer page',
      { userApps: {}, ...onPage('developer') },
      "remove 'developer' from accountPages instead",
    ],
    ['forgot password', { passwordReset }, 'passwordReset needs it'],
    ['reset password', { passwordReset }, 'passwordReset needs it'],
    ['api refresh', { grants: [signIn()] }, 'signIn() needs it'],
    ['page', { pages: { views: { signOut: () => '' } } }, 'pages.views needs it'],
  ])('%s, if something needs it: %j', (name, changes, need) => {
    expect(problemOf(name, changes)).toContain(`routes.off[0]: must not be off: ${need}`)
  })

  test('unless nothing needs it', () => {
    expect(problemOf('token', { grants: [signIn()] })).toEqual([])
    expect(problemOf('token', { grants: [implicitGrant()] })).toEqual([])
    expect(problemOf('logout', { grants: [signIn()], accountPages: [] })).toEqual([])
    expect(problemOf('login', { grants: [signIn()], accountPages: [] })).toEqual([])
    expect(problemOf('page')).toEqual([])
  })
})

describe('the configuration rejects', () => {
  test.each([
    'tokne',
    '',
    'Token',
    '/oauth/token',
    'login (customers)',
    'login (users)',
    'constructor',
    '__proto__',
  ])('the unknown route %s', (name) => {
    expect(problemOf(name)).toEqual([
      'routes.off[0]: is not the name of a route. `consulate routes` lists them',
    ])
  })

  test('a list that is none, and unknown options', () => {
    expect(configProblems({ routes: { off: 'token' } })).toEqual(['routes.off: must be an array'])
    expect(configProblems({ routes: { offf: [] } })[0]).toContain('routes.offf: unknown option')
    expect(configProblems({ routes: [] })[0]).toContain('routes: must be an object')
  })
})

test('every route has a name that can be turned off', () => {
  const names = all.server.routes.map(({ name }) => name.replace(/ \(.*/, ''))
  expect(names.filter((name) => !ROUTE_NAMES.some((known) => known === name))).toEqual([])
})

test('a prefix moves every route below it, and nothing stays behind', () => {
  const routesWith = (prefix: string): readonly string[] =>
    createAuthorizationServer({ ...REQUIRED, ...config, prefix }).routes.map(({ path }) => path)
  const [byDefault, moved] = [routesWith('/oauth'), routesWith('/auth/v1')]
  expect(moved).toEqual(byDefault.map((path) => path.replace(/^\/oauth\//, '/auth/v1/')))
  expect(moved.filter((path) => path.startsWith('/oauth'))).toEqual([])
  expect(moved.filter((path) => path.startsWith('/auth/v1/')).length).toBeGreaterThan(5)
})

test('single routes can be mounted in a router of the app, and the others answer 404', async () => {
  const mounted = createAuthorizationServer({ ...REQUIRED, grants: [authorizationCode()] })
  const router = async (request: Request): Promise<Response> =>
    new URL(request.url).pathname === '/oauth/token'
      ? mounted.fetch(request)
      : new Response('Not here', { status: 404 })
  const answers = ['/oauth/token', '/oauth/authorize', '/.well-known/jwks.json'].map((path) =>
    router(new Request(`https://id.example.com${path}`, { method: path.endsWith('n') ? 'POST' : 'GET' })),
  )
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([400, 404, 404])
  await mounted.close()
})

test.each(['GET', 'HEAD', 'PUT', 'DELETE'])('%s at the token endpoint is 405 with Allow', async (method) => {
  const response = await fetch(server.endpoint('/oauth/token?grant_type=refresh_token'), { method })
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST, OPTIONS'])
})
