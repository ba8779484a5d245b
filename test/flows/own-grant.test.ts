import { decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  authorizationCode,
  type Client,
  ConfigError,
  type Grant,
  type GrantContext,
  type GrantRequest,
  OAuthError,
  permit,
  refreshToken,
} from '../../src/index.ts'
import { CUSTOM_GRANT_TYPE, customGrant } from '../support/custom-grant.ts'
import { openBrowser } from '../support/browser.ts'
import {
  callApi,
  fetchJson,
  requestToken,
  claimOf,
  getCode,
  getTokens,
  refresh,
} from '../support/oauth-client.ts'
import { createUserTable } from '../support/user-table.ts'
import {
  type TestUser,
  type ServerOptions,
  startServer,
  type TestClient,
  type TestServer,
} from '../support/server.ts'

const TYPE = CUSTOM_GRANT_TYPE

const badges = new Map<string, string>()
const badge = customGrant((text) => badges.get(text))

const API = 'https://api.example'
const server = await startServer({ grants: [badge, refreshToken()], resources: [API] })
const user = await server.addUser()
badges.set('a badge', user.id)
const client = await server.addClient({ grantTypes: [TYPE, 'refresh_token'] })
afterAll(server.close)

const ask = (parameters: Readonly<Record<string, string>> = {}, by = client) =>
  requestToken(server, by, { grant_type: TYPE, badge: 'a badge', scope: 'orders:read', ...parameters })

describe('a custom grant', () => {
  test('issues a signed token, an authorization, a session and events like a built-in grant', async () => {
    const before = server.events.length
    const tokens = await getTokens(server, client, {
      grant_type: TYPE,
      badge: 'a badge',
      scope: 'orders:read',
    })
    expect(decodeProtectedHeader(tokens.access_token).typ).toBe('at+jwt')
    const { body } = await callApi(server, '/orders', tokens.access_token)
    expect(body['user']).toEqual({ id: user.id, provider: 'users', sub: user.id })
    const authorizationId = claimOf(tokens.access_token, 'azn')
    expect(await server.server.authorizations.list(user)).toContainEqual(
      expect.objectContaining({ id: authorizationId, clientId: client.id, scopes: ['orders:read'] }),
    )
    const sessions = await server.server.sessions.list(user)
    expect(sessions.map(({ id }) => id)).toContain(claimOf(tokens.access_token, 'sid'))
    expect(server.events.slice(before)).toMatchObject([
      { name: 'token.issued', payload: { grantType: TYPE, clientId: client.id, sub: user.id } },
      { name: 'session.started', payload: { sub: user.id } },
      { name: 'authorization.created', payload: { authorizationId } },
    ])
  })

  test('issues refresh tokens that rotate and can be revoked', async () => {
    const { body } = await ask()
    const first = String(body['refresh_token'])
    const second = await refresh({ server, client }, first)
    expect(second.status).toBe(200)
    const access = String(second.body['access_token'])
    await server.server.sessions.revoke(claimOf(access, 'sid'))
    expect((await callApi(server, '/me', access)).status).toBe(401)
    const third = await refresh({ server, client }, String(second.body['refresh_token']))
    expect(third.body['error']).toBe('invalid_grant')
  })

  test('is in the metadata, and issues tokens for a resource', async () => {
    const { body } = await fetchJson(server, '/.well-known/oauth-authorization-server')
    expect(body['grant_types_supported']).toEqual([TYPE, 'refresh_token'])
    const response = await ask({ resource: API })
    expect(claimOf(String(response.body['access_token']), 'aud')).toBe(API)
  })

  test('works for clients that have it on their record, and is unknown if it is not configured', async () => {
    const other = await server.addClient({ grantTypes: ['refresh_token'] })
    expect((await ask({}, other)).body['error']).toBe('unauthorized_client')
    await using without = await startServer()
    const theirs = await without.addClient({ grantTypes: [TYPE] })
    const { body } = await requestToken(without, theirs, { grant_type: TYPE, badge: 'a badge' })
    expect(body['error']).toBe('unsupported_grant_type')
  })

  test('issues no refresh token to a client without that grant', async () => {
    const brief = await server.addClient({ grantTypes: [TYPE] })
    const { status, body } = await ask({}, brief)
    expect([status, 'refresh_token' in body]).toEqual([200, false])
  })

  test('refuses requests like a built-in grant', async () => {
    const { status, headers, body } = await ask({ badge: 'no badge' })
    expect([status, body]).toEqual([
      400,
      { error: 'invalid_grant', error_description: 'The badge is invalid' },
    ])
    expect(headers.get('cache-control')).toBe('no-store')
    expect((await ask({ scope: 'orders:read unknown' })).body['error']).toBe('invalid_scope')
    expect((await ask({ resource: 'https://other.example' })).body['error']).toBe('invalid_target')
  })
})

/** The outcome of a token request. */
interface Outcome {
  readonly response: readonly [status: number, error: unknown]
  readonly log: string
  /** True if nothing was issued and nothing was stored. */
  readonly isEmpty: boolean
}

describe('a custom grant with a mistake', () => {
  let mistake: Grant['decide']
  const customers = createUserTable()
  let own: TestServer,
    user: TestUser,
    web: TestClient,
    other: TestClient,
    app: TestClient,
    publicApp: TestClient

  beforeAll(async () => {
    const grants = [
      {
        type: TYPE,
        accessTokenLifetime: '7m',
        decide: async (...given) => mistake(...given),
      } satisfies Grant,
      refreshToken(),
    ]
    const options: ServerOptions = { grants, resources: [API], providers: { customers: customers.provider } }
    own = await startServer(options)
    user = await own.addUser()
    customers.users.set(user.id, user)
    const grantTypes = [TYPE, 'refresh_token']
    web = await own.addClient({ grantTypes, scopes: ['orders:read'] })
    other = await own.addClient({ grantTypes })
    app = await own.addClient({ grantTypes, ownerId: 'owner', scopes: ['orders:read'] })
    publicApp = await own.addClient({ grantTypes, type: 'public', scopes: ['orders:read'] })
  })
  afterAll(() => own.close())

  async function run(decide: Grant['decide'], by: TestClient = web): Promise<Outcome> {
    mistake = decide
    const [logged, heard] = [own.logs.length, own.events.length]
    const { status, body } = await requestToken(own, by, { grant_type: TYPE })
    const [issued, written] = [
      own.events.slice(heard).filter(({ name }) => name !== 'request.refused'),
      await own.server.authorizations.list(user),
    ]
    return {
      response: [status, body['error']],
      log: own.logs.slice(logged).join(''),
      isEmpty: issued.length + written.length === 0 && !('access_token' in body),
    }
  }

  /** Loads the user correctly. The mistakes come afterwards. */
  async function loadUser(
    { client: by }: GrantRequest,
    { userDirectory }: GrantContext,
    provider = by.provider,
  ) {
    const found = await userDirectory.load({ provider, userId: user.id }, by.id)
    if (!found) throw new Error('There is no user')
    return found
  }

  const permitting =
    (changes: (request: GrantRequest, context: GrantContext) => Promise<object> | object): Grant['decide'] =>
    async (request, context) => {
      const usual = {
        client: request.client,
        user: await loadUser(request, context),
        scopes: ['orders:read'],
      }
      return permit({ ...usual, ...(await changes(request, context)) })
    }

  test('without a mistake issues a token', async () => {
    const { response, isEmpty } = await run(permitting(() => ({})))
    expect([response, isEmpty]).toEqual([[200, undefined], false])
    await own.server.users.signOutEverywhere(user)
  })

  test('that throws an OAuthError responds with it', async () => {
    const error = new OAuthError('invalid_grant', 'Too late', { detail: 'it was midnight' })
    const { response, log, isEmpty } = await run(() => Promise.reject(error))
    expect([response, isEmpty]).toEqual([[400, 'invalid_grant'], true])
    expect(log).toContain('it was midnight')
  })

  test('that throws anything else responds with server_error and logs the cause and its stack', async () => {
    const { response, log, isEmpty } = await run(() => Promise.reject(new TypeError('the table is on fire')))
    expect([response, isEmpty]).toEqual([[500, 'server_error'], true])
    expect(log).toContain('the table is on fire')
    expect(log).toContain('own-grant.test.ts')
  })

  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a string', 'start'],
    ['an empty object', {}],
    ['an unknown kind', { kind: 'yes' }],
    ['a refusal without an error', { kind: 'refused' }],
    ['a refusal with an error of another class', { kind: 'refused', error: new Error('no') }],
  ])('that returns %s responds with server_error and issues nothing', async (_what, nonsense) => {
    const { response, log, isEmpty } = await run(async () => nonsense as never)
    expect([response, isEmpty]).toEqual([[500, 'server_error'], true])
    expect(log).toContain(`the grant ${TYPE}`)
  })

  test.each<[string, Grant['decide']]>([
    ['no user', permitting(() => ({ user: { ref: undefined, user: {}, epochs: undefined } }))],
    [
      'an id that is not a string',
      permitting(() => ({ user: { ref: { provider: 'users', userId: 7 }, user: {} } })),
    ],
    ['no scopes', permitting(() => ({ scopes: undefined }))],
    [
      'no epochs',
      permitting(async (...given) => ({ user: { ...(await loadUser(...given)), epochs: undefined } })),
    ],
  ])('that permits %s responds with server_error and issues nothing', async (_what, decide) => {
    const { response, isEmpty } = await run(decide)
    expect([response, isEmpty]).toEqual([[500, 'server_error'], true])
  })

  test('that permits a first token for an unknown resource responds with invalid_target and issues nothing', async () => {
    const { response, isEmpty } = await run(async (request, context) => ({
      ...permit({
        client: request.client,
        user: await loadUser(request, context),
        scopes: ['orders:read'],
        resources: [API],
      }),
      tokenResources: ['https://other.example'],
    }))
    expect([response, isEmpty]).toEqual([[400, 'invalid_target'], true])
  })

  test('that permits another client responds with server_error and issues nothing', async () => {
    const another = await own.server.clients.find(other.id)
    const { response, log, isEmpty } = await run(permitting(() => ({ client: another })))
    expect([response, isEmpty]).toEqual([[500, 'server_error'], true])
    expect(log).toContain('another client than the authenticated one')
  })

  test('that permits a copy of the client with more scopes responds with server_error and issues nothing', async () => {
    const { response, isEmpty } = await run(
      permitting(({ client: asking }) => ({ client: { ...asking, scopes: null }, scopes: ['profile'] })),
    )
    expect([response, isEmpty]).toEqual([[500, 'server_error'], true])
  })

  test('that permits a user of another provider responds with invalid_grant and issues nothing', async () => {
    const { response, log, isEmpty } = await run(
      permitting(async (request, context) => ({ user: await loadUser(request, context, 'customers') })),
    )
    expect([response, isEmpty]).toEqual([[400, 'invalid_grant'], true])
    expect(log).toContain(`user ${user.id} belongs to provider customers`)
  })

  test.each<[string, readonly string[]]>([
    ['that is not defined', ['orders:raed']],
    ['that the client cannot have', ['orders:read', 'profile']],
    ['*, which is not on its record', ['*']],
    ['that is not valid', ['orders:read\nprofile']],
  ])('that permits a scope %s responds with invalid_scope and issues nothing', async (_what, scopes) => {
    const { response, isEmpty } = await run(permitting(() => ({ scopes })))
    expect([response, isEmpty]).toEqual([[400, 'invalid_scope'], true])
  })

  test('that permits an unknown resource responds with invalid_target and issues nothing', async () => {
    const { response, isEmpty } = await run(permitting(() => ({ resources: ['https://bank.example'] })))
    expect([response, isEmpty]).toEqual([[400, 'invalid_target'], true])
  })

  describe('a custom grant that issues a machine token', () => {
    const forItself =
      (changes: object): Grant['decide'] =>
      async ({ client: asking }) => ({
        kind: 'machine',
        client: asking,
        scopes: [],
        resources: [],
        ...changes,
      })

    test('succeeds for a confidential first-party client', async () => {
      const { response } = await run(forItself({ scopes: ['orders:read'] }))
      expect(response).toEqual([200, undefined])
    })

    test('responds with invalid_scope for scopes that are not on the record of the client', async () => {
      expect((await run(forItself({ scopes: ['profile'] }))).response).toEqual([400, 'invalid_scope'])
      expect((await run(forItself({ scopes: ['profile'] }), other)).response).toEqual([400, 'invalid_scope'])
    })

    test('responds with unauthorized_client for public and third-party clients', async () => {
      for (const by of [app, publicApp]) {
        const { response, isEmpty } = await run(forItself({}), by)
        expect([response, isEmpty]).toEqual([[400, 'unauthorized_client'], true])
      }
    })

    test('has the lifetime of the configuration, which signing keys are kept for', async () => {
      mistake = forItself({ lifetime: 1e12 })
      const { body } = await requestToken(own, web, { grant_type: TYPE })
      expect(body['expires_in']).toBe(420)
    })
  })

  test('that returns a refresh of an authorization responds with server_error and issues nothing', async () => {
    await run(permitting(() => ({})))
    const [authorization] = await own.store.authorizations.list(own.clock.now())
    if (!authorization) throw new Error('There is no authorization')
    const token = { authorizationId: authorization.id, generation: 0, seed: 'made up' }
    const next = { token, generation: 1, scopes: authorization.scopes, resources: [] }
    const { response } = await run(async ({ client: asking }) => ({
      kind: 'refresh',
      client: asking,
      authorization,
      ...next,
    }))
    expect(response).toEqual([500, 'server_error'])
    expect((await own.store.authorizations.find(authorization.id))?.generation).toBe(0)
    await own.server.users.signOutEverywhere(user)
  })

  test('that returns a personal access token responds with server_error and issues nothing', async () => {
    const { response, isEmpty } = await run(async (request, context) => {
      const { ref: user, epochs } = await loadUser(request, context)
      const token = { authorizationId: 'made-up', name: 'Mine', scopes: ['orders:read'], lifetime: 1000 }
      return { kind: 'personal', user, epochs, ...token }
    })
    expect([response, isEmpty]).toEqual([[500, 'server_error'], true])
  })
})

describe('the configuration', () => {
  const decide: Grant['decide'] = () => Promise.reject(new Error('never called'))

  test.each<[string, unknown, string]>([
    ['whose type is not a URI', { type: 'phone', decide }, 'grants[0].type'],
    ['with the type personal_access', { type: 'personal_access', decide }, 'grants[0].type'],
    ['with the type of a built-in grant', { type: 'authorization_code', decide }, 'grants[0].type'],
    ['without decide', { type: TYPE }, 'grants[0].decide'],
    ['that was not called', refreshToken, 'grants[0].type'],
  ])('rejects a grant %s', async (_what, grant, path) => {
    const grants = [grant as Grant, authorizationCode()]
    await expect(startServer({ grants })).rejects.toMatchObject({
      constructor: ConfigError,
      problems: [{ path }],
    })
  })
})

test('a code gives only the scopes that its client still has when it is exchanged', async () => {
  await using own = await startServer()
  const visitor = await own.addUser()
  const shop = await own.addClient()
  const visit = { server: own, browser: openBrowser(own), client: shop, user: visitor }
  const { exchange } = await getCode(visit, { scope: 'orders:read profile' })
  const scopes: Client['scopes'] = ['profile']
  await own.store.clients.update(shop.id, { scopes })
  own.clock.advance('2s')
  expect((await getTokens(own, shop, exchange)).scope).toBe('profile')
})
