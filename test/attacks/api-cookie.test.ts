import { createHmac } from 'node:crypto'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAuthorizationServer, silentLogger } from '../../src/index.ts'
import { openBrowser, type Browser } from '../support/browser.ts'
import { appRequest, startInApp } from '../support/app-request.ts'
import { REQUIRED } from '../support/config.ts'
import { decodeToken, signToken, withOtherCharacter, type DecodedToken } from '../support/forge.ts'
import { callApi, getCodeFlowTokens } from '../support/oauth-client.ts'
import { startTwoProviders } from '../support/providers.ts'
import { startServer } from '../support/server.ts'
import { API_COOKIE, callAsSpa } from '../support/spa.ts'

const server = await startServer({ apiCookie: { lifetime: '1h' } })
const [user, other] = [await server.addUser(), await server.addUser()]
const me = server.endpoint('/me')
const [browser, stranger] = [openBrowser(server), openBrowser(server)]
let cookie = ''
beforeAll(async () => {
  await startInApp(server, browser, user)
  await startInApp(server, stranger, other)
  cookie = browser.cookies.get(API_COOKIE) ?? ''
})
afterAll(server.close)

/** Calls the API with another value of the cookie, and the CSRF token of its session. */
const callWith = (value: string, from: Browser = browser) =>
  callAsSpa(from, me, { method: 'POST', cookies: new Map([...from.cookies, [API_COOKIE, value]]) })

describe('a thief of the API cookie', () => {
  test('can change nothing without the CSRF token', async () => {
    const cookies = new Map([[API_COOKIE, cookie]])
    expect((await callAsSpa(browser, me, { method: 'POST', cookies })).status).toBe(403)
  })

  test('cannot use it as an access token, nor have it introspected as one', async () => {
    const response = await callApi(server, '/me', cookie)
    expect([response.status, response.body]).toMatchObject([401, { error_description: 'Invalid token' }])
    const api = await server.addClient({ introspects: true, grantTypes: ['client_credentials'] })
    const introspection = await fetch(server.endpoint('/oauth/introspect'), {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${api.id}:${api.secret}`)}` },
      body: new URLSearchParams({ token: cookie }),
    })
    expect(await introspection.json()).toEqual({ active: false })
  })

  test('cannot renew it, nor call the JSON APIs with it alone', async () => {
    const cookies = new Map([...browser.cookies].filter(([name]) => name !== 'consulate_session'))
    for (const [path, method] of [
      ['/oauth/token/refresh', 'POST'],
      ['/oauth/personal-access-tokens', 'GET'],
    ] as const)
      expect((await callAsSpa(stranger, server.endpoint(path), { method, cookies })).status).toBe(401)
  })
})

describe('a forged API cookie is invalid', () => {
  const changed = (change: (token: DecodedToken) => DecodedToken) => () =>
    signToken(change(decodeToken(cookie)))
  const payload = (claims: object) =>
    changed(({ header, payload: given }) => ({ header, payload: { ...given, ...claims } }))
  const unsigned = (header: object): string =>
    `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${cookie.split('.')[1]}`

  test.each<[string, () => string]>([
    ['an altered payload', () => withOtherCharacter(cookie, cookie.indexOf('.') + 40)],
    ['an altered signature', () => withOtherCharacter(cookie, cookie.length - 20)],
    ['no signature', () => `${unsigned({ alg: 'none', typ: 'session+jwt' })}.`],
    [
      'a MAC with the public key',
      () => {
        const input = unsigned({ ...decodeToken(cookie).header, alg: 'HS256' })
        return `${input}.${createHmac('sha256', 'public').update(input).digest('base64url')}`
      },
    ],
    [
      'the type of an access token',
      changed((token) => ({ ...token, header: { ...token.header, typ: 'at+jwt' } })),
    ],
    ['another issuer', payload({ iss: 'https://evil.example' })],
    ['another audience', payload({ aud: 'https://billing.example' })],
    ['no session', payload({ sid: undefined })],
    ['no CSRF hash', payload({ csrf: undefined })],
    ['a machine as its subject', payload({ subject_type: 'client' })],
    ['an authorization', payload({ azn: 'an authorization' })],
    ['an unknown provider', payload({ provider: 'customers' })],
    ['text that is no token', () => 'nonsense'],
  ])('with %s', async (_, forge) => {
    expect(await callWith(forge())).toMatchObject({
      status: 401,
      body: { error: 'invalid_token', error_description: 'Invalid cookie' },
    })
  })

  test('that is longer than any of ours, without reading it', async () => {
    const headers = { cookie: `${API_COOKIE}=${'a'.repeat(1_000_000)}` }
    const answer = await server.server.user()(new Request(me, { headers }))
    expect(answer instanceof Response && (await answer.json())).toMatchObject({
      error_description: 'Invalid cookie',
    })
  })

  test('that is an access token of the same user', async () => {
    const client = await server.addClient()
    const { access_token } = await getCodeFlowTokens({ server, browser: openBrowser(server), client, user })
    expect((await callWith(access_token)).status).toBe(401)
  })

  test('of another issuer with the same keys', async () => {
    await using twin = await startServer({ apiCookie: {}, path: '/other' })
    const visitor = openBrowser(twin)
    await startInApp(twin, visitor, await twin.addUser())
    const foreign = [...visitor.cookies].find(([name]) => name.startsWith(API_COOKIE))?.[1] ?? ''
    expect(decodeJwt(foreign).iss).toBe(twin.issuer)
    expect((await callWith(foreign)).status).toBe(401)
  })
})

test('the CSRF token of another session proves nothing, also if a sibling subdomain has set its cookie', async () => {
  const token = stranger.cookies.get('XSRF-TOKEN') ?? ''
  const cookies = new Map([...browser.cookies, ['XSRF-TOKEN', token]])
  expect(await callAsSpa(browser, me, { method: 'POST', cookies })).toMatchObject({
    status: 403,
    body: { error_description: 'Invalid X-XSRF-TOKEN header' },
  })
})

describe('another site', () => {
  const changes = { 'x-xsrf-token': undefined, origin: 'https://evil.example' }

  test.each([
    [
      'a form',
      { ...changes, 'sec-fetch-site': 'cross-site', 'content-type': 'application/x-www-form-urlencoded' },
    ],
    [
      'a form on a sibling subdomain',
      { ...changes, 'sec-fetch-site': 'same-site', origin: 'https://evil.site.example' },
    ],
    ['a sandboxed frame', { ...changes, origin: 'null', 'sec-fetch-site': 'cross-site' }],
    ['a browser without Sec-Fetch-Site', { ...changes, 'sec-fetch-site': undefined }],
  ])('cannot change anything by %s, also with the CSRF token', async (_, headers) => {
    for (const token of [undefined, browser.cookies.get('XSRF-TOKEN')]) {
      const sent = { ...headers, 'x-xsrf-token': token }
      expect((await callAsSpa(browser, me, { method: 'POST', headers: sent })).status).toBe(403)
    }
  })

  test('reads no response, because it gets no CORS headers', async () => {
    for (const [path, method] of [
      ['/oauth/token/refresh', 'OPTIONS'],
      ['/oauth/personal-access-tokens', 'GET'],
    ] as const) {
      const { headers } = await callAsSpa(browser, server.endpoint(path), { method, headers: changes })
      expect(headers.get('access-control-allow-origin')).toBeNull()
      expect(headers.get('access-control-allow-credentials')).toBeNull()
    }
  })
})

test('over https, only a cookie counts that no subdomain can set', async () => {
  const secure = createAuthorizationServer({
    ...REQUIRED,
    apiCookie: { domain: 'example.com' },
    users: {
      find: async (id) => ({ id }),
      findByUsername: async () => undefined,
      verifyPassword: async () => false,
    },
    logger: silentLogger,
  })
  const { cookies } = await secure.sessions.start('7', { request: appRequest({ cookies: new Map() }) })
  const named = (name: string): string => cookies.find((each) => each.startsWith(`${name}=`)) ?? ''
  expect(named('__Host-consulate_api')).toMatch(/; Path=\/; HttpOnly; SameSite=Strict; Secure$/)
  expect(named('XSRF-TOKEN')).toMatch(/; Path=\/; Domain=example.com; SameSite=Strict; Secure$/)
  const pair = named('__Host-consulate_api').split(';', 1)[0] ?? ''
  const answerOf = (header: string) =>
    secure.user()(new Request(`${secure.issuer}/me`, { headers: { cookie: header } }))
  expect(await answerOf(pair)).toMatchObject({ kind: 'user', user: { id: '7' } })
  expect(await answerOf(pair.replace('__Host-', ''))).toBeInstanceOf(Response)
  expect(await answerOf(pair.replace('__Host-', '__Host-consulate_session=x; '))).toBeInstanceOf(Response)
  await secure.close()
})

test('users of two providers with the same ID each have a cookie of their own', async () => {
  await using two = await startTwoProviders({ apiCookie: {} })
  const { users, customers } = two.sides
  const visitor = openBrowser(two.server)
  for (const side of [users, customers]) await visitor.signIn(await visitor.open(side.signIn), side.user)
  const values = new Map(visitor.cookies)
  expect([...values.keys()]).toEqual(
    expect.arrayContaining([API_COOKIE, `${API_COOKIE}.customers`, 'XSRF-TOKEN', 'XSRF-TOKEN.customers']),
  )
  const ask = async (provider: string, name: string) => {
    const headers = { cookie: `${name}=${values.get(`${API_COOKIE}${provider}`)}` }
    const guard = name === API_COOKIE ? two.server.server : two.server.server.for('customers' as never)
    const answer = await guard.user()(new Request(two.server.endpoint('/me'), { headers }))
    return answer instanceof Response ? answer.status : answer.user.provider
  }
  expect(await ask('', API_COOKIE)).toBe('users')
  expect(await ask('.customers', `${API_COOKIE}.customers`)).toBe('customers')
  expect(await ask('.customers', API_COOKIE)).toBe(401)
  expect(await ask('', `${API_COOKIE}.customers`)).toBe(401)
  await visitor.press(await visitor.open(customers.signOut), 'Sign out')
  expect([...visitor.cookies.keys()]).toContain(API_COOKIE)
  expect([...visitor.cookies.keys()]).not.toContain(`${API_COOKIE}.customers`)
})

test.each<
  [string, (victim: Browser, signedIn: { readonly user: string; readonly id: string }) => Promise<unknown>]
>([
  [
    'by a sign-out',
    async (victim) => victim.press(await victim.open(server.endpoint('/logout')), 'Sign out'),
  ],
  ['by the app', (_, { id }) => server.server.sessions.revoke(id)],
  ['by a sign-out everywhere', (_, signedIn) => server.server.users.signOutEverywhere(signedIn.user)],
  [
    'by a sign-out of all other devices',
    async (_, signedIn) => {
      const elsewhere = openBrowser(server)
      await startInApp(server, elsewhere, signedIn.user)
      const page = await elsewhere.open(server.endpoint('/account/devices?sign_out=others'))
      await elsewhere.press(page, 'Sign out')
    },
  ],
])('a stolen API cookie stays revoked for the hour that it is valid, %s', async (_, signOut) => {
  const victim = openBrowser(server)
  const { id: newUser } = await server.addUser()
  const { id } = await startInApp(server, victim, newUser)
  const cookies = new Map(victim.cookies)
  await signOut(victim, { user: newUser, id })
  server.clock.advance('59m')
  const { status, body } = await callAsSpa(victim, me, { cookies })
  expect([status, body]).toMatchObject([401, { error_description: 'Cookie revoked' }])
})
