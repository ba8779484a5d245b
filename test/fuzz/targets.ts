import { appsPageRequests, appTokenRequests } from './app-requests.ts'
import { developerPageRequests, userAppRequests } from './developer-requests.ts'
import { formBody, createPkce, returnToOf, type Parameters } from '../support/oauth-client.ts'
import {
  openSignInPage,
  basicOf,
  browserHeaders,
  openConsent,
  startPendingDevice,
  getExchange,
  getMachineToken,
  getRefreshToken,
  signIn,
  type Credentials,
  type ProviderPath,
} from './credentials.ts'
import { grantRequests, implicitRequests } from './grant-requests.ts'
import { draft, FORM, toPairs, post, type Draft } from './request.ts'
import {
  apiPasswordRequests,
  apiResetRequests,
  forgotPasswordRequests,
  passwordPageRequests,
  resetPasswordRequests,
} from './password-requests.ts'
import { apiDeviceRequests, apiLoginRequests } from './sign-in-requests.ts'
import { SHOP_ORIGIN, type Fixture } from './fixture.ts'

/** An endpoint or a guard to fuzz. */
export interface Target {
  /** Mutations per set of valid requests. Codes, tokens and sessions are used up after some of them. */
  readonly batch: number
  /** Creates valid requests with new credentials. */
  prepare(fixture: Fixture, credentials: Credentials): Promise<readonly [Draft, ...Draft[]]>
}

type Targets = Readonly<Record<string, Target>>

export type TargetName = keyof typeof TARGETS

/** The endpoints of OAuth, and those without credentials. */
export const OAUTH_TARGETS = {
  authorize: { batch: 100, prepare: authorizeRequests },
  implicit: { batch: 50, prepare: implicitRequests },
  token: { batch: 100, prepare: tokenRequests },
  'other grants': { batch: 50, prepare: grantRequests },
  revoke: { batch: 100, prepare: revokeRequests },
  introspect: { batch: 100, prepare: introspectionRequests },
  revocations: { batch: 1000, prepare: revocationRequests },
  'device authorization': { batch: 1000, prepare: deviceCodeRequests },
  device: { batch: 50, prepare: deviceRequests },
  login: { batch: 50, prepare: signInRequests },
  'login (customers)': {
    batch: 50,
    prepare: (fixture, credentials) => signInRequests(fixture, credentials, '/customers'),
  },
  logout: { batch: 20, prepare: signOutRequests },
  metadata: { batch: 1000, prepare: async () => publicRequests('/.well-known/oauth-authorization-server') },
  'resource metadata': {
    batch: 1000,
    prepare: async () => publicRequests('/.well-known/oauth-protected-resource'),
  },
  jwks: { batch: 1000, prepare: async () => publicRequests('/.well-known/jwks.json') },
  live: { batch: 1000, prepare: async () => publicRequests('/oauth/health/live') },
  ready: { batch: 1000, prepare: async () => publicRequests('/oauth/health/ready') },
} as const satisfies Targets

/** The pages of users, and the API of an app's own pages. */
export const USER_TARGETS = {
  scopes: {
    batch: 200,
    prepare: async (fixture, credentials) => (await apiRequests(fixture, credentials)).scopes,
  },
  'personal tokens': {
    batch: 200,
    prepare: async (fixture, credentials) => (await apiRequests(fixture, credentials)).tokens,
  },
  'personal token': {
    batch: 200,
    prepare: async (fixture, credentials) => (await apiRequests(fixture, credentials)).token,
  },
  'api cookie': { batch: 200, prepare: apiCookieRequests },
  'app tokens': { batch: 200, prepare: async (...given) => (await appTokenRequests(...given)).list },
  'app token': { batch: 200, prepare: async (...given) => (await appTokenRequests(...given)).one },
  'apps page': { batch: 50, prepare: appsPageRequests },
  'user apps': { batch: 200, prepare: async (...given) => (await userAppRequests(...given)).list },
  'user app': { batch: 50, prepare: async (...given) => (await userAppRequests(...given)).one },
  'user app secret': { batch: 200, prepare: async (...given) => (await userAppRequests(...given)).secret },
  'developer page': { batch: 30, prepare: developerPageRequests },
  account: { batch: 1000, prepare: accountRequests },
  'devices page': { batch: 100, prepare: devicesPageRequests },
  'tokens page': { batch: 100, prepare: tokensPageRequests },
  'password page': { batch: 10, prepare: passwordPageRequests },
  'forgot password': { batch: 50, prepare: forgotPasswordRequests },
  'reset password': { batch: 10, prepare: resetPasswordRequests },
  'api password': { batch: 10, prepare: apiPasswordRequests },
  'api reset password': { batch: 10, prepare: apiResetRequests },
  'api login': { batch: 100, prepare: apiLoginRequests },
  'api devices': { batch: 20, prepare: apiDeviceRequests },
} as const satisfies Targets

export const GUARD_TARGETS = {
  user: { batch: 1000, prepare: guardedRequests },
  machine: { batch: 1000, prepare: guardedRequests },
  anyone: { batch: 1000, prepare: guardedRequests },
} as const satisfies Targets

export const TARGETS = { ...OAUTH_TARGETS, ...USER_TARGETS, ...GUARD_TARGETS }

export const namesOf = <Name extends TargetName>(targets: Readonly<Record<Name, Target>>): readonly Name[] =>
  Object.keys(targets) as Name[]

async function authorizeRequests(
  fixture: Fixture,
  credentials: Credentials,
): Promise<readonly [Draft, ...Draft[]]> {
  const { web, spa } = fixture
  const visitor = await signIn(fixture, credentials)
  // The consent is remembered, so links are answered without it.
  await getRefreshToken(fixture, credentials, visitor)
  const { approve, deny } = {
    approve: await openConsent(fixture, credentials, visitor),
    deny: { _method: 'DELETE' },
  }
  const headers = browserHeaders(fixture, visitor)
  const path = '/oauth/authorize'
  const ask = { response_type: 'code', state: 'xyz', scope: 'orders:read', ...pkce() }
  const query = toPairs({ ...ask, client_id: web.id, redirect_uri: web.redirectUri })
  const publicQuery = toPairs({ ...ask, client_id: spa.id, resource: 'https://api.example/orders' })
  return [
    draft(path, { query, headers }),
    draft(path, { query: [...query, ['prompt', 'none']], headers }),
    draft(path, { query: [...query, ['prompt', 'login consent'], ['max_age', '600']], headers }),
    draft(path, {
      query: [...query, ['max_age', '86400'], ['login_hint', 'ada'], ['ui_locales', 'fr-CA fr']],
      headers: [...headers, LANGUAGES],
    }),
    draft(path, { query: [['language', 'vi'], ...query], headers }),
    draft(path, { query: publicQuery, headers }),
    draft(path, { query: [...publicQuery, ['response_mode', 'query'], ['prompt', 'consent']] }),
    draft(path, { method: 'POST', body: query, headers: [FORM, ...headers] }),
    post(path, approve, ...headers),
    post(path, { ...approve, ...deny }, ...headers),
    { ...post(path, approve, ...headers), method: 'DELETE' },
  ]
}

const LANGUAGES = ['accept-language', 'zh-TW,zh;q=0.9,vi;q=0.8,*;q=0.1'] as const

const pkce = (): Parameters => ({ code_challenge: createPkce().challenge, code_challenge_method: 'S256' })

async function tokenRequests(
  fixture: Fixture,
  credentials: Credentials,
): Promise<readonly [Draft, ...Draft[]]> {
  const { web, machine, spa } = fixture
  const visitor = await signIn(fixture, credentials)
  const exchange = await getExchange(fixture, credentials, visitor)
  const refresh = {
    grant_type: 'refresh_token',
    refresh_token: await getRefreshToken(fixture, credentials, visitor),
  }
  await getMachineToken(fixture, credentials)
  const grant = { grant_type: 'client_credentials', scope: 'orders:read' }
  const secretOf = ({ id, secret }: Fixture['web']): Parameters => ({ client_id: id, client_secret: secret })
  const path = '/oauth/token'
  return [
    post(path, grant, ['authorization', basicOf(machine)]),
    post(path, {
      ...grant,
      ...secretOf(machine),
      resource: ['https://api.example/orders', fixture.server.issuer],
    }),
    post(path, exchange, ['authorization', basicOf(web)]),
    post(path, { ...exchange, ...secretOf(web) }, ['origin', 'https://app.example']),
    post(path, refresh, ['authorization', basicOf(web)]),
    post(path, { ...refresh, ...secretOf(web), scope: 'orders:read' }),
    post(path, { ...exchange, client_id: spa.id }, ['origin', 'https://spa.example']),
  ]
}

async function revokeRequests(
  fixture: Fixture,
  credentials: Credentials,
): Promise<readonly [Draft, ...Draft[]]> {
  const { web, machine, spa } = fixture
  const token = await getRefreshToken(fixture, credentials, await signIn(fixture, credentials))
  const { id, secret } = machine
  await getMachineToken(fixture, credentials)
  const access = credentials.list().find((value) => value.split('.').length === 3)
  const path = '/oauth/revoke'
  return [
    post(path, { token, token_type_hint: 'refresh_token' }, ['authorization', basicOf(web)]),
    post(path, { token: access, client_id: id, client_secret: secret }),
    post(path, { token: 'unknown', client_id: spa.id }, ['origin', 'https://spa.example']),
  ]
}

async function introspectionRequests(
  fixture: Fixture,
  credentials: Credentials,
): Promise<readonly [Draft, ...Draft[]]> {
  await getMachineToken(fixture, credentials)
  const token = credentials.list().find((value) => value.split('.').length === 3)
  const { id, secret } = fixture.api
  const path = '/oauth/introspect'
  return [
    post(path, { token, token_type_hint: 'access_token' }, ['authorization', basicOf(fixture.api)]),
    post(path, { token, client_id: id, client_secret: secret, resource: 'https://api.example/orders' }),
    post(
      path,
      { token },
      ['authorization', basicOf(fixture.api)],
      ['accept', 'application/token-introspection+jwt'],
    ),
  ]
}

async function revocationRequests(
  fixture: Fixture,
  credentials: Credentials,
): Promise<readonly [Draft, ...Draft[]]> {
  await getRefreshToken(fixture, credentials, await signIn(fixture, credentials))
  const query = toPairs({ after: '0', limit: '10' })
  const headers = [['authorization', basicOf(fixture.follower)]] as const
  return [draft('/oauth/revocations', { query, headers }), draft('/oauth/revocations', { headers })]
}

async function deviceCodeRequests({ tv }: Fixture): Promise<readonly [Draft, ...Draft[]]> {
  const path = '/oauth/device/code'
  const ask = { client_id: tv.id, scope: 'orders:read' }
  return [
    post(path, ask),
    post(path, { client_id: tv.id }),
    post(path, { ...ask, resource: 'https://api.example/orders' }, ['origin', 'https://tv.example']),
  ]
}

async function deviceRequests(
  fixture: Fixture,
  credentials: Credentials,
): Promise<readonly [Draft, ...Draft[]]> {
  const [visitor, anonymous] = [
    await signIn(fixture, credentials),
    await openSignInPage(fixture, credentials),
  ]
  const headers = browserHeaders(fixture, visitor)
  const path = '/oauth/device'
  const form = { csrf: visitor.csrf, user_code: (await startPendingDevice(fixture, credentials)).userCode }
  return [
    draft(path, { query: toPairs({ user_code: form.user_code }), headers }),
    draft(path, {
      query: toPairs({ user_code: form.user_code }),
      headers: browserHeaders(fixture, anonymous),
    }),
    post(path, form, ...headers),
    post(path, { ...form, intent: 'approve' }, ...headers),
    post(path, { ...form, _method: 'DELETE' }, ...headers),
    post(path, { ...form, intent: 'switch' }, ...headers),
    { ...post(path, form, ...headers), method: 'DELETE' },
  ]
}

async function signInRequests(
  fixture: Fixture,
  credentials: Credentials,
  providerPath: ProviderPath = '',
): Promise<readonly [Draft, ...Draft[]]> {
  const { web } = fixture
  const user = providerPath === '' ? fixture.user : fixture.customer
  const signedIn = await signIn(fixture, credentials, providerPath)
  const anonymous = await openSignInPage(fixture, credentials, providerPath)
  const path = `/login${providerPath}`
  const query = { response_type: 'code', client_id: web.id, redirect_uri: web.redirectUri }
  const returnTo = await returnToOf(fixture.server, `/oauth/authorize?${formBody(query).toString()}`)
  const known = { username: user.email, password: user.password }
  const destination = { return_to: returnTo }
  return [
    draft(path, { query: toPairs(destination), headers: browserHeaders(fixture, signedIn) }),
    draft(path, {
      query: toPairs({ ...destination, prompt: 'login' }),
      headers: browserHeaders(fixture, anonymous),
    }),
    post(path, { ...known, ...destination, csrf: anonymous.csrf }, ...browserHeaders(fixture, anonymous)),
    post(path, { ...known, csrf: signedIn.csrf }, ...browserHeaders(fixture, signedIn)),
    post(path, { intent: 'switch', ...destination }, ...browserHeaders(fixture, signedIn)),
  ]
}

async function signOutRequests(
  fixture: Fixture,
  credentials: Credentials,
): Promise<readonly [Draft, ...Draft[]]> {
  const visitor = await signIn(fixture, credentials)
  const headers = browserHeaders(fixture, visitor)
  const destination = { return_to: `${SHOP_ORIGIN}/bye?from=logout` }
  return [
    draft('/logout', { headers }),
    draft('/logout', { query: toPairs(destination), headers }),
    post('/logout', { csrf: visitor.csrf, ...destination }, ...headers),
    post('/logout', { csrf: visitor.csrf }, ...headers),
  ]
}

async function apiCookieRequests(
  fixture: Fixture,
  credentials: Credentials,
): Promise<readonly [Draft, ...Draft[]]> {
  const headers = browserHeaders(fixture, await signIn(fixture, credentials))
  const path = '/oauth/token/refresh'
  return [
    draft(path, { method: 'POST', headers }),
    draft(path, { method: 'POST', headers: [...headers, ['sec-fetch-site', 'same-origin']] }),
    draft(path, { headers }),
  ]
}

async function apiRequests(fixture: Fixture, credentials: Credentials) {
  const visitor = await signIn(fixture, credentials)
  const headers = [...browserHeaders(fixture, visitor), ['x-csrf-token', visitor.csrf] as const]
  const path = '/oauth/personal-access-tokens'
  const json = {
    headers: [['content-type', 'application/json'] as const, ...headers],
    format: 'json',
  } as const
  const list = draft(path, { headers })
  const revoke = (id: string): Draft => draft(`${path}/${id}`, { method: 'DELETE', headers })
  return {
    scopes: [
      draft('/oauth/scopes', { headers }),
      draft('/oauth/scopes', { headers: [...headers, LANGUAGES] }),
    ],
    tokens: [
      list,
      draft(path, { ...json, method: 'POST', body: [['name', 'Backup']] }),
      draft(path, {
        ...json,
        method: 'POST',
        body: [
          ['name', 'Backup'],
          ['scopes', '["orders:read"]'],
          ['expires_in', '604800'],
        ],
      }),
    ],
    // The list is here because a revocation is never answered with 200.
    token: [list, revoke(await getPersonalTokenId(fixture, credentials)), revoke('x'.repeat(22))],
  } satisfies Record<string, readonly [Draft, ...Draft[]]>
}

/** Returns the ID of one personal access token, which can be revoked repeatedly. */
async function getPersonalTokenId({ server, user }: Fixture, { created }: Credentials): Promise<string> {
  const known = personalTokenIds.get(server)
  if (known !== undefined) return known
  const { token } = await server.server.personalTokens.create(user.id, { name: 'Backup' })
  created.authorizations += 1
  personalTokenIds.set(server, token.id)
  return token.id
}

const personalTokenIds = new WeakMap<Fixture['server'], string>()

async function accountRequests(
  fixture: Fixture,
  credentials: Credentials,
): Promise<readonly [Draft, ...Draft[]]> {
  const headers = browserHeaders(fixture, await signIn(fixture, credentials))
  return [draft('/account', { headers }), draft('/account')]
}

async function devicesPageRequests(
  fixture: Fixture,
  credentials: Credentials,
): Promise<readonly [Draft, ...Draft[]]> {
  const visitor = await signIn(fixture, credentials)
  const headers = browserHeaders(fixture, visitor)
  const path = '/account/devices'
  const deviceId = await getDeviceId(fixture, credentials)
  return [
    draft(path, { headers }),
    draft(`${path}?sign_out=${deviceId}`, { headers }),
    draft(`${path}?sign_out=others`, { headers }),
    draft(`${path}?signed_out=${deviceId}`, { headers }),
    post(path, { csrf: visitor.csrf, sign_out: deviceId }, ...headers),
    post(path, { csrf: visitor.csrf, sign_out: '<b>other</b>' }, ...headers),
  ]
}

/** Returns the ID of one device, which can be signed out repeatedly. */
async function getDeviceId(fixture: Fixture, credentials: Credentials): Promise<string> {
  const known = deviceIds.get(fixture.server)
  if (known !== undefined) return known
  const { server, user } = fixture
  const before = new Set((await server.server.sessions.list(user.id)).map(({ id }) => id))
  await signIn(fixture, credentials)
  const added = (await server.server.sessions.list(user.id)).find(({ id }) => !before.has(id))
  deviceIds.set(server, added?.id ?? '')
  return added?.id ?? ''
}

const deviceIds = new WeakMap<Fixture['server'], string>()

async function tokensPageRequests(
  fixture: Fixture,
  credentials: Credentials,
): Promise<readonly [Draft, ...Draft[]]> {
  const visitor = await signIn(fixture, credentials)
  const headers = browserHeaders(fixture, visitor)
  const path = '/account/tokens'
  const form = { csrf: visitor.csrf, nonce: 'nonce', expires_in: '604800' }
  return [
    draft(path, { headers }),
    post(path, { ...form, name: 'Backup', 'scope:orders:read': 'on' }, ...headers),
    post(path, { ...form, name: '<b>Backup</b>', nonce: 'other' }, ...headers),
    post(path, { csrf: visitor.csrf, revoke: await getPersonalTokenId(fixture, credentials) }, ...headers),
  ]
}

const publicRequests = (path: string): readonly [Draft, ...Draft[]] => [
  draft(path),
  draft(path, { headers: [['origin', 'https://spa.example']] }),
  draft(path, { method: 'OPTIONS', headers: [['access-control-request-method', 'GET']] }),
]

async function guardedRequests(
  fixture: Fixture,
  credentials: Credentials,
): Promise<readonly [Draft, ...Draft[]]> {
  const visitor = await signIn(fixture, credentials)
  await getRefreshToken(fixture, credentials, visitor)
  await getMachineToken(fixture, credentials)
  const tokens = credentials.list().filter((secret) => secret.split('.').length === 3)
  const [first = '', ...others] = tokens
  const call = (token: string): Draft => draft('/', { headers: [['authorization', `Bearer ${token}`]] })
  return [call(first), ...others.map(call)]
}
