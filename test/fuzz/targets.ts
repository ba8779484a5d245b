import { formBody, createPkce, returnToOf, type Parameters } from '../support/oauth-client.ts'
import {
  arrive,
  basicOf,
  ofBrowser,
  openConsent,
  openDevice,
  openExchange,
  openMachine,
  openRefresh,
  signIn,
  type Credentials,
  type Side,
} from './credentials.ts'
import { grantRequests, implicitRequests } from './other-grants.ts'
import { draft, FORM, pairsOf, post, type Draft } from './request.ts'
import type { World } from './world.ts'

/** Something to be tried. */
export interface Target {
  /** How many requests are made of the same valid ones: what is spent, rotated or signed out is soon all used up. */
  readonly batch: number
  /** Valid requests, fresh. */
  prepare(world: World, credentials: Credentials): Promise<readonly [Draft, ...Draft[]]>
}

/** A target by its name: the endpoints, and the guards of an API. */
export type TargetName = keyof typeof TARGETS

/** Every target. */
export const TARGETS = {
  authorize: { batch: 100, prepare: authorizeRequests },
  implicit: { batch: 50, prepare: implicitRequests },
  token: { batch: 100, prepare: tokenRequests },
  'other grants': { batch: 50, prepare: grantRequests },
  revocations: { batch: 1000, prepare: revocationRequests },
  'device authorization': { batch: 1000, prepare: deviceCodeRequests },
  device: { batch: 50, prepare: deviceRequests },
  login: { batch: 50, prepare: signInRequests },
  'login of customers': {
    batch: 50,
    prepare: (world, credentials) => signInRequests(world, credentials, '/customers'),
  },
  logout: { batch: 20, prepare: signOutRequests },
  scopes: {
    batch: 200,
    prepare: async (world, credentials) => (await apiRequests(world, credentials)).scopes,
  },
  'personal tokens': {
    batch: 200,
    prepare: async (world, credentials) => (await apiRequests(world, credentials)).tokens,
  },
  'personal token': {
    batch: 200,
    prepare: async (world, credentials) => (await apiRequests(world, credentials)).token,
  },
  'tokens page': { batch: 100, prepare: tokensPageRequests },
  metadata: { batch: 1000, prepare: async () => publicRequests('/.well-known/oauth-authorization-server') },
  jwks: { batch: 1000, prepare: async () => publicRequests('/.well-known/jwks.json') },
  live: { batch: 1000, prepare: async () => publicRequests('/oauth/health/live') },
  ready: { batch: 1000, prepare: async () => publicRequests('/oauth/health/ready') },
  user: { batch: 1000, prepare: guardedRequests },
  machine: { batch: 1000, prepare: guardedRequests },
  anyone: { batch: 1000, prepare: guardedRequests },
} as const satisfies Readonly<Record<string, Target>>

async function authorizeRequests(
  world: World,
  credentials: Credentials,
): Promise<readonly [Draft, ...Draft[]]> {
  const { web, spa } = world
  const visitor = await signIn(world, credentials)
  // The user is asked once: what comes after it is remembered.
  await openRefresh(world, credentials, visitor)
  const { approve, deny } = {
    approve: await openConsent(world, credentials, visitor),
    deny: { _method: 'DELETE' },
  }
  const headers = ofBrowser(world, visitor)
  const path = '/oauth/authorize'
  const ask = { response_type: 'code', state: 'xyz', scope: 'orders:read', ...pkce() }
  const query = pairsOf({ ...ask, client_id: web.id, redirect_uri: web.redirectUri })
  const publicQuery = pairsOf({ ...ask, client_id: spa.id, resource: 'https://api.example/orders' })
  return [
    draft(path, { query, headers }),
    draft(path, { query: [...query, ['prompt', 'none']], headers }),
    draft(path, { query: publicQuery, headers }),
    draft(path, { query: [...publicQuery, ['response_mode', 'query'], ['prompt', 'consent']] }),
    draft(path, { method: 'POST', body: query, headers: [FORM, ...headers] }),
    post(path, approve, ...headers),
    post(path, { ...approve, ...deny }, ...headers),
    { ...post(path, approve, ...headers), method: 'DELETE' },
  ]
}

const pkce = (): Parameters => ({ code_challenge: createPkce().challenge, code_challenge_method: 'S256' })

async function tokenRequests(world: World, credentials: Credentials): Promise<readonly [Draft, ...Draft[]]> {
  const { web, machine, spa } = world
  const visitor = await signIn(world, credentials)
  const exchange = await openExchange(world, credentials, visitor)
  const refresh = {
    grant_type: 'refresh_token',
    refresh_token: await openRefresh(world, credentials, visitor),
  }
  await openMachine(world, credentials)
  const grant = { grant_type: 'client_credentials', scope: 'orders:read' }
  const secretOf = ({ id, secret }: World['web']): Parameters => ({ client_id: id, client_secret: secret })
  const path = '/oauth/token'
  return [
    post(path, grant, ['authorization', basicOf(machine)]),
    post(path, {
      ...grant,
      ...secretOf(machine),
      resource: ['https://api.example/orders', world.server.issuer],
    }),
    post(path, exchange, ['authorization', basicOf(web)]),
    post(path, { ...exchange, ...secretOf(web) }, ['origin', 'https://app.example']),
    post(path, refresh, ['authorization', basicOf(web)]),
    post(path, { ...refresh, ...secretOf(web), scope: 'orders:read' }),
    post(path, { ...exchange, client_id: spa.id }, ['origin', 'https://spa.example']),
  ]
}

async function revocationRequests(
  world: World,
  credentials: Credentials,
): Promise<readonly [Draft, ...Draft[]]> {
  await openRefresh(world, credentials, await signIn(world, credentials))
  const query = pairsOf({ after: '0', limit: '10' })
  const headers = [['authorization', basicOf(world.follower)]] as const
  return [draft('/oauth/revocations', { query, headers }), draft('/oauth/revocations', { headers })]
}

async function deviceCodeRequests({ tv }: World): Promise<readonly [Draft, ...Draft[]]> {
  const path = '/oauth/device/code'
  const ask = { client_id: tv.id, scope: 'orders:read' }
  return [
    post(path, ask),
    post(path, { client_id: tv.id }),
    post(path, { ...ask, resource: 'https://api.example/orders' }, ['origin', 'https://tv.example']),
  ]
}

async function deviceRequests(world: World, credentials: Credentials): Promise<readonly [Draft, ...Draft[]]> {
  const [visitor, nobody] = [await signIn(world, credentials), await arrive(world, credentials)]
  const headers = ofBrowser(world, visitor)
  const path = '/oauth/device'
  const form = { csrf: visitor.csrf, user_code: (await openDevice(world, credentials)).userCode }
  return [
    draft(path, { query: pairsOf({ user_code: form.user_code }), headers }),
    draft(path, { query: pairsOf({ user_code: form.user_code }), headers: ofBrowser(world, nobody) }),
    post(path, form, ...headers),
    post(path, { ...form, intent: 'approve' }, ...headers),
    post(path, { ...form, _method: 'DELETE' }, ...headers),
    post(path, { ...form, intent: 'switch' }, ...headers),
    { ...post(path, form, ...headers), method: 'DELETE' },
  ]
}

async function signInRequests(
  world: World,
  credentials: Credentials,
  side: Side = '',
): Promise<readonly [Draft, ...Draft[]]> {
  const { web } = world
  const user = side === '' ? world.user : world.customer
  const somebody = await signIn(world, credentials, side)
  const nobody = await arrive(world, credentials, side)
  const path = `/login${side}`
  const query = { response_type: 'code', client_id: web.id, redirect_uri: web.redirectUri }
  const returnTo = await returnToOf(world.server, `/oauth/authorize?${formBody(query).toString()}`)
  const known = { username: user.email, password: user.password }
  const here = { return_to: returnTo }
  return [
    draft(path, { query: pairsOf(here), headers: ofBrowser(world, somebody) }),
    draft(path, { query: pairsOf({ ...here, prompt: 'login' }), headers: ofBrowser(world, nobody) }),
    post(path, { ...known, ...here, csrf: nobody.csrf }, ...ofBrowser(world, nobody)),
    post(path, { ...known, csrf: somebody.csrf }, ...ofBrowser(world, somebody)),
    post(path, { intent: 'switch', ...here }, ...ofBrowser(world, somebody)),
  ]
}

async function signOutRequests(
  world: World,
  credentials: Credentials,
): Promise<readonly [Draft, ...Draft[]]> {
  const visitor = await signIn(world, credentials)
  const headers = ofBrowser(world, visitor)
  return [
    draft('/logout', { headers }),
    post('/logout', { csrf: visitor.csrf }, ...headers),
    post('/logout', { csrf: visitor.csrf }, ...headers),
  ]
}

/** The JSON API of personal access tokens. */
async function apiRequests(world: World, credentials: Credentials) {
  const visitor = await signIn(world, credentials)
  const headers = [...ofBrowser(world, visitor), ['x-csrf-token', visitor.csrf] as const]
  const path = '/oauth/personal-access-tokens'
  const sent = {
    headers: [['content-type', 'application/json'] as const, ...headers],
    format: 'json',
  } as const
  const list = draft(path, { headers })
  const end = (id: string): Draft => draft(`${path}/${id}`, { method: 'DELETE', headers })
  return {
    scopes: [draft('/oauth/scopes', { headers })],
    tokens: [
      list,
      draft(path, { ...sent, method: 'POST', body: [['name', 'Backup']] }),
      draft(path, {
        ...sent,
        method: 'POST',
        body: [
          ['name', 'Backup'],
          ['scopes', '["orders:read"]'],
          ['expires_in', '604800'],
        ],
      }),
    ],
    // Beside what it is for, something that is answered with 200.
    token: [list, end(await ownToken(world, credentials)), end('x'.repeat(22))],
  } satisfies Record<string, readonly [Draft, ...Draft[]]>
}

/** A token of the user's; one that was ended already may be ended again. */
async function ownToken({ server, user }: World, { made }: Credentials): Promise<string> {
  const known = ownTokens.get(server)
  if (known !== undefined) return known
  const { token } = await server.server.personalTokens.create(user.id, { name: 'Backup' })
  made.authorizations += 1
  ownTokens.set(server, token.id)
  return token.id
}

const ownTokens = new WeakMap<World['server'], string>()

async function tokensPageRequests(
  world: World,
  credentials: Credentials,
): Promise<readonly [Draft, ...Draft[]]> {
  const visitor = await signIn(world, credentials)
  const headers = ofBrowser(world, visitor)
  const path = '/account/tokens'
  const form = { csrf: visitor.csrf, nonce: 'nonce', expires_in: '604800' }
  return [
    draft(path, { headers }),
    post(path, { ...form, name: 'Backup', 'scope:orders:read': 'on' }, ...headers),
    post(path, { ...form, name: '<b>Backup</b>', nonce: 'other' }, ...headers),
    post(path, { csrf: visitor.csrf, revoke: await ownToken(world, credentials) }, ...headers),
  ]
}

const publicRequests = (path: string): readonly [Draft, ...Draft[]] => [
  draft(path),
  draft(path, { headers: [['origin', 'https://spa.example']] }),
  draft(path, { method: 'OPTIONS', headers: [['access-control-request-method', 'GET']] }),
]

async function guardedRequests(
  world: World,
  credentials: Credentials,
): Promise<readonly [Draft, ...Draft[]]> {
  const visitor = await signIn(world, credentials)
  await openRefresh(world, credentials, visitor)
  await openMachine(world, credentials)
  const tokens = credentials.list().filter((secret) => secret.split('.').length === 3)
  const [first = '', ...others] = tokens
  const call = (token: string): Draft => draft('/', { headers: [['authorization', `Bearer ${token}`]] })
  return [call(first), ...others.map(call)]
}
