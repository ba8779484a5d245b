import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import {
  authorizationCode,
  clientCredentials,
  ConfigError,
  deviceCode,
  implicitGrant,
  passwordGrant,
  refreshToken,
  signIn,
  type ClientRegistration,
} from '../../src/index.ts'
import { openBrowser } from '../support/browser.ts'
import {
  authorizationUrl,
  authorize,
  callApi,
  getCodeFlowTokens,
  getTokens,
  introspectToken,
  refresh,
  type CodeFlow,
} from '../support/oauth-client.ts'
import { CALLBACK, startServer, type ServerOptions, type TestServer } from '../support/server.ts'
import { logIn } from '../support/sign-in-api.ts'

const [MINUTE, HOUR, DAY] = [60, 3600, 86_400] as const

const OPTIONS: ServerOptions = {
  accessTokenLifetime: '15m',
  grants: [
    authorizationCode({ accessTokenLifetime: '10m' }),
    refreshToken({ accessTokenLifetime: '20m', lifetime: '1d', maximumLifetime: '2d' }),
    clientCredentials({ accessTokenLifetime: '5m' }),
    passwordGrant({ accessTokenLifetime: '6m' }),
    implicitGrant({ accessTokenLifetime: '7m' }),
    deviceCode(),
    signIn(),
  ],
}

let server: TestServer
beforeAll(async () => {
  server = await startServer(OPTIONS)
})
afterAll(async () => server.close())

async function begin(registration: Partial<ClientRegistration> = {}): Promise<CodeFlow> {
  const [client, user] = [await server.addClient(registration), await server.addUser()]
  return { server, browser: openBrowser(server), client, user }
}

const secondsOf = (token: string): number => {
  const { exp = 0, iat = 0 } = decodeJwt(token)
  return exp - iat
}

/** Returns the lifetime (seconds) of an access token by each grant, for a client with these times. */
async function lifetimesOf(times: Partial<ClientRegistration>): Promise<Readonly<Record<string, number>>> {
  const flow = await begin(times)
  const first = await getCodeFlowTokens(flow)
  const second = await refresh(flow, first.refresh_token)
  const machine = await server.addClient({ ...times, grantTypes: ['client_credentials'] })
  const legacy = await server.addClient({ ...times, grantTypes: ['password'] })
  const open = await server.addClient({
    ...times,
    type: 'public',
    grantTypes: ['implicit'],
    redirectUris: [CALLBACK],
  })
  const { email: username, password } = flow.user
  const credentials = { grant_type: 'password', username, password }
  const page = await authorize(
    flow.browser,
    authorizationUrl(server, open, { response_type: 'token' }),
    flow.user,
  )
  const fragment = new URLSearchParams(page.url.hash.slice(1))
  server.knownSecrets.add('access token', fragment.get('access_token') ?? '')
  return {
    code: secondsOf(first.access_token),
    refresh: Number(second.body['expires_in']),
    machine: secondsOf((await getTokens(server, machine, { grant_type: 'client_credentials' })).access_token),
    password: secondsOf((await getTokens(server, legacy, credentials)).access_token),
    implicit: Number(fragment.get('expires_in')),
  }
}

describe('the lifetime of an access token', () => {
  test('is that of the grant if the client has none', async () => {
    const expected = { code: 600, refresh: 1200, machine: 300, password: 360, implicit: 420 }
    expect(await lifetimesOf({})).toEqual(expected)
  })

  test('is that of the client before that of any grant', async () => {
    const expected = { code: 90, refresh: 90, machine: 90, password: 90, implicit: 90 }
    expect(await lifetimesOf({ accessTokenLifetime: '90s' })).toEqual(expected)
  })

  test('is that of the server for personal tokens and the sign-in API, whatever clients and grants have', async () => {
    const user = await server.addUser()
    const { accessToken } = await server.server.personalTokens.create(user.id, { name: 'Backup' })
    server.knownSecrets.add('access token', accessToken)
    expect(secondsOf(accessToken)).toBe(365 * DAY)
    expect(secondsOf((await logIn(server, user)).access_token)).toBe(15 * MINUTE)
  })

  test('changes with the next refresh, and guards and introspection agree on its end', async () => {
    const own = await startServer(OPTIONS)
    onTestFinished(own.close)
    const flow = {
      server: own,
      browser: openBrowser(own),
      client: await own.addClient(),
      user: await own.addUser(),
    }
    const service = await own.addClient({ redirectUris: [], introspects: true })
    const isValid = async (token: string): Promise<readonly [number, unknown]> => [
      (await callApi(own, '/me', token)).status,
      (await introspectToken(own, service, token)).body['active'],
    ]
    const first = await getCodeFlowTokens(flow)
    await own.server.clients.update(flow.client.id, { accessTokenLifetime: '2h' })
    const longer = await refresh(flow, first.refresh_token)
    await own.server.clients.update(flow.client.id, { accessTokenLifetime: '1m' })
    const shorter = await refresh(flow, String(longer.body['refresh_token']))
    expect([longer.body['expires_in'], shorter.body['expires_in']]).toEqual([7200, 60])
    own.clock.advance(61)
    expect(await isValid(String(shorter.body['access_token']))).toEqual([401, false])
    expect(await isValid(String(longer.body['access_token']))).toEqual([200, true])
    own.clock.advance(2 * HOUR)
    expect(await isValid(String(longer.body['access_token']))).toEqual([401, false])
  })

  test('keeps a revocation as long as the longest token that it stops', async () => {
    const flow = await begin({ accessTokenLifetime: '30d' })
    const first = await getCodeFlowTokens(flow)
    await server.server.clients.update(flow.client.id, { accessTokenLifetime: '1m' })
    await refresh(flow, first.refresh_token)
    const before = Date.now()
    await server.server.users.signOutEverywhere(flow.user.id)
    const entries = await server.store.revocations.listSince(0, server.clock.now(), 1000)
    const ends = entries.map(({ expiresAt }) => expiresAt ?? Number.POSITIVE_INFINITY)
    expect(Math.max(...ends) - before).toBeGreaterThan(29 * DAY * 1000)
    expect((await callApi(server, '/me', first.access_token)).status).toBe(401)
  })
})

/** A rule about a client, when (seconds) its refresh token is used, and whether that works. In the order of the times. */
const REFRESH_TOKENS: readonly [string, Partial<ClientRegistration>, number, boolean][] = [
  ['ends with the maximum of the client', { refreshTokenMaximumLifetime: '30m' }, HOUR, false],
  ['is shorter for a client', { refreshTokenLifetime: '1h' }, 2 * HOUR, false],
  ["is the server's", {}, 23 * HOUR, true],
  ['is longer for a client', { refreshTokenLifetime: '10d' }, 47 * HOUR, true],
  ["is still limited by the server's maximum", { refreshTokenLifetime: '10d' }, 49 * HOUR, false],
  [
    'is limited by the maximum of the client instead',
    { refreshTokenLifetime: '10d', refreshTokenMaximumLifetime: '5d' },
    4 * DAY,
    true,
  ],
]

describe('the lifetime of a refresh token', () => {
  test('is that of the client, within the maximum of the client or else of the server', async () => {
    await using own = await startServer(OPTIONS)
    const user = await own.addUser()
    const used: Record<string, boolean> = {}
    const uses: (() => Promise<void>)[] = []
    const start = own.clock.now()
    for (const [rule, registration, seconds] of REFRESH_TOKENS) {
      const flow = { server: own, browser: openBrowser(own), client: await own.addClient(registration), user }
      const { refresh_token: token } = await getCodeFlowTokens(flow)
      uses.push(async () => {
        own.clock.advance(seconds - (own.clock.now() - start) / 1000)
        used[rule] = (await refresh(flow, token)).status === 200
      })
    }
    for (const use of uses) await use()
    expect(used).toEqual(Object.fromEntries(REFRESH_TOKENS.map(([rule, , , works]) => [rule, works])))
  })

  test('changes with the next refresh', async () => {
    await using own = await startServer({ grants: [authorizationCode(), refreshToken()] })
    const flow = {
      server: own,
      browser: openBrowser(own),
      client: await own.addClient(),
      user: await own.addUser(),
    }
    const { refresh_token: first } = await getCodeFlowTokens(flow)
    await own.server.clients.update(flow.client.id, { refreshTokenLifetime: '1h' })
    own.clock.advance(2 * HOUR)
    const next = await refresh(flow, first)
    expect(next.status).toBe(200)
    own.clock.advance(2 * HOUR)
    expect((await refresh(flow, String(next.body['refresh_token']))).status).toBe(400)
  })
})

describe('a lifetime of a client', () => {
  const problemOf = async (work: Promise<unknown>): Promise<readonly string[]> => {
    const error: unknown = await work.catch((reason: unknown) => reason)
    return error instanceof ConfigError ? error.problems.map(({ path }) => path) : ['no problem']
  }

  test.each([0, '500ms', -1, 'long', '101y', Number.NaN, {}, true])('must not be %s', async (value) => {
    const times = {
      accessTokenLifetime: value,
      refreshTokenLifetime: value,
      refreshTokenMaximumLifetime: value,
    } as Partial<ClientRegistration>
    const paths = Object.keys(times)
    expect(await problemOf(server.addClient(times))).toEqual(paths)
    const { id } = await server.addClient()
    expect(await problemOf(server.server.clients.update(id, times))).toEqual(paths)
  })

  test('is stored and shown in milliseconds, and null restores the default', async () => {
    const { id } = await server.addClient({ accessTokenLifetime: '5m', refreshTokenLifetime: 60 })
    expect(await server.server.clients.find(id)).toMatchObject({
      accessTokenLifetime: 300_000,
      refreshTokenLifetime: 60_000,
      refreshTokenMaximumLifetime: null,
    })
    const renamed = await server.server.clients.update(id, { name: 'Again' })
    expect(renamed).toMatchObject({ accessTokenLifetime: 300_000, refreshTokenLifetime: 60_000 })
    const reset = await server.server.clients.update(id, { accessTokenLifetime: null })
    expect(reset).toMatchObject({ accessTokenLifetime: null, refreshTokenLifetime: 60_000 })
  })
})
