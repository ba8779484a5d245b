import { decodeJwt } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  authorizationCode,
  clientCredentials,
  implicitGrant,
  OAuthError,
  passwordGrant,
  refreshToken,
  signIn,
  StoreUnavailableError,
  type TokenInfo,
} from '../../src/index.ts'
import { createGuard } from '../../src/guard/standalone.ts'
import { openBrowser } from '../support/browser.ts'
import {
  authorizationUrl,
  authorize,
  getCode,
  getCodeFlowTokens,
  getTokens,
  introspectToken,
  refresh,
  requestToken,
  type CodeFlow,
} from '../support/oauth-client.ts'
import { CALLBACK, startServer, type TestServer } from '../support/server.ts'
import { logIn, postRefresh } from '../support/sign-in-api.ts'

/** What the functions return in this test, and what they received. */
let claims: (info: TokenInfo) => unknown
let fields: () => unknown
let received: TokenInfo[] = []
beforeEach(() => {
  claims = ({ user, grantType }) => ({ tenant: user ? `tenant of ${user.name}` : null, grantType })
  fields = () => ({ region: 'eu', beta: ['a'] })
  received = []
})

let server: TestServer
beforeAll(async () => {
  server = await startServer({
    grants: [
      authorizationCode(),
      refreshToken(),
      clientCredentials(),
      passwordGrant(),
      implicitGrant(),
      signIn(),
    ],
    resources: ['https://files.example'],
    tokenClaims(info) {
      received.push(info)
      return claims(info) as Record<string, unknown>
    },
    tokenResponse: () => fields() as object,
  })
})
afterAll(async () => server.close())

async function begin(): Promise<CodeFlow> {
  const [client, user] = [await server.addClient(), await server.addUser()]
  return { server, browser: openBrowser(server), client, user }
}

/** Calls the guard of the server. */
async function authOf(token: string) {
  const request = new Request(server.issuer, { headers: { authorization: `Bearer ${token}` } })
  const result = await server.server.anyone()(request)
  return result instanceof Response ? result.status : result
}

const claimsOf = async (token: string): Promise<unknown> => {
  const auth = await authOf(token)
  return typeof auth === 'number' ? auth : auth.claims
}

const machine = () => server.addClient({ grantTypes: ['client_credentials'] })
const asMachine = async () => requestToken(server, await machine(), { grant_type: 'client_credentials' })

describe('tokenClaims', () => {
  test('adds claims to the tokens of every grant, also after a refresh', async () => {
    const flow = await begin()
    const { email: username, password } = flow.user
    const first = await getCodeFlowTokens(flow)
    const second = await refresh(flow, first.refresh_token)
    const legacy = await server.addClient({ grantTypes: ['password'] })
    const device = await logIn(server, flow.user)
    const { accessToken } = await server.server.personalTokens.create(flow.user.id, { name: 'Backup' })
    server.knownSecrets.add('access token', accessToken)
    const open = await server.addClient({
      type: 'public',
      grantTypes: ['implicit'],
      redirectUris: [CALLBACK],
    })
    const url = authorizationUrl(server, open, { response_type: 'token' })
    const fragment = new URLSearchParams((await authorize(flow.browser, url, flow.user)).url.hash.slice(1))
    const tokens = {
      authorization_code: first.access_token,
      refresh_token: String(second.body['access_token']),
      password: (await getTokens(server, legacy, { grant_type: 'password', username, password }))
        .access_token,
      sign_in: device.access_token,
      personal_access: accessToken,
      implicit: fragment.get('access_token') ?? '',
    }
    server.knownSecrets.add('access token', tokens.implicit)
    for (const [grantType, token] of Object.entries(tokens))
      expect(await claimsOf(token), grantType).toEqual({
        tenant: expect.stringMatching(/^tenant of /) as string,
        grantType,
      })
    const renewed = await postRefresh(server, device.refresh_token)
    expect(await claimsOf(String(renewed.body['access_token']))).toMatchObject({ grantType: 'refresh_token' })
    const own = await asMachine()
    expect(await claimsOf(String(own.body['access_token']))).toEqual({
      tenant: null,
      grantType: 'client_credentials',
    })
  })

  test('receives the client, the user, the scopes and the resources of the token', async () => {
    const flow = await begin()
    const resource = 'https://files.example'
    await getCodeFlowTokens(flow, { scope: 'orders:read', resource })
    const [info] = received
    expect(info).toMatchObject({
      client: { id: flow.client.id, name: expect.any(String) as string },
      user: { id: flow.user.id, email: flow.user.email },
      provider: 'users',
      scopes: ['orders:read'],
      resources: [resource],
      grantType: 'authorization_code',
      authorizationId: expect.any(String) as string,
    })
    expect(JSON.stringify(info)).not.toContain('secret')
    await asMachine()
    expect(received[1]).toMatchObject({ user: undefined, provider: undefined, authorizationId: undefined })
    await logIn(server, flow.user)
    expect(received[2]).toMatchObject({ client: undefined, user: { id: flow.user.id } })
  })

  test('returns new claims at the next refresh, and introspection shows them', async () => {
    const flow = await begin()
    const service = await server.addClient({ redirectUris: [], introspects: true })
    const first = await getCodeFlowTokens(flow)
    claims = async () => ({ tenant: 'moved', roles: ['admin'] })
    const { body } = await refresh(flow, first.refresh_token)
    const described = async (token: unknown) => (await introspectToken(server, service, String(token))).body
    expect(await described(first.access_token)).toMatchObject({ grantType: 'authorization_code' })
    expect(await described(body['access_token'])).toMatchObject({
      active: true,
      tenant: 'moved',
      roles: ['admin'],
      sub: flow.user.id,
    })
  })

  test('gives guards in other services the same claims', async () => {
    const guard = createGuard<'orders:read', 'users', { tenant: string }>({
      issuer: server.issuer,
      revocations: 'none',
    })
    const flow = await begin()
    const { access_token: token } = await getCodeFlowTokens(flow)
    const headers = { authorization: `Bearer ${token}` }
    const auth = await guard.user()(new Request('https://api.example', { headers }))
    const tenant: string | undefined = auth instanceof Response ? 'refused' : auth.claims.tenant
    expect(tenant).toMatch(/^tenant of /)
    guard.close()
  })

  test('may return nothing, and members that are undefined are left out', async () => {
    for (const result of [undefined, null, {}, { tenant: undefined }, Object.create(null)]) {
      claims = () => result
      expect(await claimsOf(String((await asMachine()).body['access_token']))).toEqual({})
    }
  })

  test('leaves a code unspent and a refresh token unused if it fails', async () => {
    const flow = await begin()
    const { exchange } = await getCode(flow)
    const working = claims
    const fail = () => {
      throw new Error('The tenants are offline')
    }
    claims = fail
    expect(await requestToken(server, flow.client, exchange)).toMatchObject({
      status: 500,
      body: { error: 'server_error' },
    })
    claims = working
    const { body } = await requestToken(server, flow.client, exchange)
    claims = fail
    expect((await refresh(flow, String(body['refresh_token']))).status).toBe(500)
    claims = working
    expect((await refresh(flow, String(body['refresh_token']))).status).toBe(200)
  })

  test('refuses a token with an OAuthError, and makes clients try again while its database is offline', async () => {
    claims = () => {
      throw new OAuthError('access_denied', 'The account has no tenant', { status: 400 })
    }
    expect(await asMachine()).toMatchObject({ status: 400, body: { error: 'access_denied' } })
    claims = () => {
      throw new StoreUnavailableError('offline', new Error('offline'))
    }
    const { status, headers } = await asMachine()
    expect([status, headers.get('retry-after')]).toEqual([503, '1'])
  })
})

describe('tokenResponse', () => {
  test('adds members to the responses of the token endpoint and the sign-in API', async () => {
    const flow = await begin()
    const added = { region: 'eu', beta: ['a'] }
    const { exchange } = await getCode(flow)
    const first = await requestToken(server, flow.client, exchange)
    expect(first.body).toMatchObject({ ...added, token_type: 'Bearer' })
    expect((await refresh(flow, String(first.body['refresh_token']))).body).toMatchObject(added)
    expect((await asMachine()).body).toMatchObject(added)
    expect(await logIn(server, flow.user)).toMatchObject(added)
  })

  test('adds nothing to the redirect of the implicit grant, nor to the token itself', async () => {
    const flow = await begin()
    const open = await server.addClient({
      type: 'public',
      grantTypes: ['implicit'],
      redirectUris: [CALLBACK],
    })
    const url = authorizationUrl(server, open, { response_type: 'token' })
    const page = await authorize(flow.browser, url, flow.user)
    const fragment = new URLSearchParams(page.url.hash.slice(1))
    server.knownSecrets.add('access token', fragment.get('access_token') ?? '')
    expect([...fragment.keys()].toSorted()).toEqual([
      'access_token',
      'expires_in',
      'iss',
      'scope',
      'state',
      'token_type',
    ])
    expect(decodeJwt(fragment.get('access_token') ?? '')).not.toHaveProperty('region')
  })
})
