import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { formOf, openBrowser } from '../support/browser.ts'
import type { KeyState } from '../../src/index.ts'
import {
  approvalFields,
  authorizationUrl,
  authorize,
  codeIn,
  formBody,
  createPkce,
  returnToOf,
} from '../support/oauth-client.ts'
import type { Parameters } from '../support/oauth-client.ts'
import { createSecrets } from '../support/secrets.ts'
import { startServer } from '../support/server.ts'
import { withOtherCharacter } from '../support/forge.ts'

const REGISTERED = 'https://app.example/callback?tenant=1'

const server = await startServer({ returnOrigins: ['https://shop.example'] })
const user = await server.addUser()
const web = await server.addClient({ redirectUris: [REGISTERED] })
const local = await server.addClient({ redirectUris: ['http://localhost:3000/cb'] })
const native = await server.addClient({
  type: 'public',
  redirectUris: ['http://127.0.0.1/cb', 'com.example.app:/cb'],
})
/** The user is signed in and has consented, so every accepted request ends in a code. */
const browser = openBrowser(server)
beforeAll(async () => {
  expect(codeIn(await authorize(browser, authorizationUrl(server, web), user))).toBeTruthy()
})
afterAll(server.close)

const pkce = { code_challenge: createPkce().challenge, code_challenge_method: 'S256' }

/** What else may be right or wrong with a request: none of it may open a way out. */
const circumstances: readonly Parameters[] = [
  pkce,
  { ...pkce, prompt: 'none' },
  { ...pkce, prompt: 'login' },
  { scope: 'unknown:scope' },
  { response_type: 'token' },
  { response_type: undefined },
  { response_mode: 'fragment' },
]

async function expectNoRedirect(uri: string, client = web): Promise<void> {
  for (const parameters of circumstances) {
    const url = authorizationUrl(server, client, { ...parameters, redirect_uri: uri })
    const page = await browser.open(url)
    expect([page.status, page.url.origin, page.headers.get('location')], url).toEqual([
      400,
      server.origin,
      null,
    ])
    expect(page.body).not.toContain('evil')
  }
}

describe('a redirect URI must match exactly, whatever else the request contains: no redirect for', () => {
  test.each([
    ['a subdomain', 'https://x.app.example/callback?tenant=1'],
    ['a host that ends alike', 'https://evilapp.example/callback?tenant=1'],
    ['a host that begins alike', 'https://app.example.evil.example/callback?tenant=1'],
    ['a host with a dot behind it', 'https://app.example./callback?tenant=1'],
    ['the right host as a user name', 'https://app.example:x@evil.example/callback?tenant=1'],
    ['a user name before the right host', 'https://evil@app.example/callback?tenant=1'],
    ['a backslash before another host', 'https://evil.example\\@app.example/callback?tenant=1'],
    ['an encoded letter of the path', 'https://app.example/%63allback?tenant=1'],
    ['encoded dots', 'https://app.example/x/%2e%2e/callback?tenant=1'],
    ['dots that lead elsewhere', 'https://app.example/callback/../evil?tenant=1'],
    ['a slash behind the path', 'https://app.example/callback/?tenant=1'],
    ['a parameter of the path', 'https://app.example/callback;evil?tenant=1'],
    ['capitals in the path', 'https://app.example/Callback?tenant=1'],
    ['capitals in the scheme', 'HTTPS://app.example/callback?tenant=1'],
    ['the default port written out', 'https://app.example:443/callback?tenant=1'],
    ['no query', 'https://app.example/callback'],
    ['another value in the query', 'https://app.example/callback?tenant=2'],
    ['more in the query', 'https://app.example/callback?tenant=1&next=https://evil.example'],
    ['an empty fragment', `${REGISTERED}#`],
    ['a space in front', ` ${REGISTERED}`],
    ['a tab within', 'https://app.example/call\tback?tenant=1'],
    ['a line end behind', `${REGISTERED}\r\nSet-Cookie: a=b`],
    ['a letter that only looks the same', 'https://\u0430pp.example/callback?tenant=1'],
    ['a full-width dot', 'https://app\u3002example/callback?tenant=1'],
    ['two URIs separated by a space', `${REGISTERED} https://evil.example/`],
    ['no scheme', '//app.example/callback?tenant=1'],
    ['data', 'data:text/html,<script>alert(1)</script>'],
  ])('%s', (_, uri) => expectNoRedirect(uri))

  test("another client's redirect URI", () => expectNoRedirect('com.example.app:/cb'))
})

describe('on a loopback address only the port may differ (RFC 8252 section 7.3): no redirect for', () => {
  test.each([
    'http://127.0.0.1:80@evil.example/cb',
    'http://127.0.0.1.evil.example:80/cb',
    'http://127.0.0.1:80/cb/../evil',
    'http://127.0.0.1:80/cb?next=evil',
    'http://127.0.0.2:80/cb',
    'http://2130706433:80/cb',
    'http://localhost:80/cb',
    'http://[::1]:80/cb',
    'https://127.0.0.1:80/cb',
    'com.example.app:/evil',
    'com.example.app://evil/cb',
    'COM.EXAMPLE.APP:/cb',
  ])('%s', (uri) => expectNoRedirect(uri, native))

  test("another port of a confidential client's localhost, which depends on name resolution", () =>
    expectNoRedirect('http://localhost:3001/cb', local))

  test('an invalid port', async () => {
    const url = authorizationUrl(server, native, { ...pkce, redirect_uri: 'http://127.0.0.1:49152/cb' })
    expect((await authorize(browser, url, user)).url.href).toMatch(/^http:\/\/127\.0\.0\.1:49152\/cb\?code=/)
    await expectNoRedirect('http://127.0.0.1:65536/cb', native)
  })
})

describe('return_to leads only to destinations that this server has signed', () => {
  const usual = () => authorizationUrl(server, web)
  const loginUrl = (text: string): string =>
    server.endpoint(`/login?${formBody({ return_to: text }).toString()}`)

  /** A destination that was not signed is ignored, both by users who are signed in and by the sign-in form. */
  async function expectIgnored(text: string): Promise<void> {
    const signedIn = await browser.open(loginUrl(text))
    expect([signedIn.status, signedIn.url.href]).toEqual([200, loginUrl(text)])
    expect(signedIn.text).toContain("You're signed in")
    const guest = openBrowser(server)
    const login = await guest.open(loginUrl(text))
    expect(login.body).not.toContain('evil')
    expect(login.text).not.toContain('Orchard')
    const fields = { username: user.email, password: user.password, return_to: text }
    expect((await guest.press(login, 'Sign in', fields)).url.href).toBe(server.endpoint('/login'))
  }

  test.each([
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '\t//evil.example/oauth/authorize',
    'javascript:alert(1)//evil',
    '/oauth/authorize?client_id=x',
    '/account/tokens',
    'x.y',
    '.',
  ])('not to %j', expectIgnored)

  test('not if any character was changed', async () => {
    const text = await returnToOf(server, usual())
    for (const index of [0, 10, text.indexOf('.') - 1, text.length - 1])
      await expectIgnored(withOtherCharacter(text, index))
  })

  test('not if a server with other secrets signed it', async () => {
    await using twin = await startServer({ secrets: createSecrets() })
    const client = await twin.addClient()
    await expectIgnored(await returnToOf(twin, authorizationUrl(twin, client)))
  })

  test('not if it was signed as a consent form, and a consent form is not answered with it', async () => {
    const asked = await browser.open(authorizationUrl(server, web, { prompt: 'consent' }))
    const { consent = '', csrf = '' } = approvalFields(asked)
    await expectIgnored(consent)
    const body = formBody({ csrf, consent: await returnToOf(server, usual()) })
    const answer = await browser.open(server.endpoint('/oauth/authorize'), { method: 'POST', body })
    expect([answer.status, answer.url.origin]).toEqual([400, server.origin])
  })

  test('for a day', async () => {
    const text = await returnToOf(server, usual())
    server.clock.advance('23h')
    const guest = openBrowser(server)
    const late = await guest.signIn(await guest.open(loginUrl(text)), user)
    expect(late.url.origin).toBe('https://app.example')
    server.clock.advance('2h')
    const later = openBrowser(server)
    const tooLate = await later.signIn(await later.open(loginUrl(text)), user)
    expect(tooLate.url.href).toBe(server.endpoint('/login'))
  })

  test('also after the root secret was rotated', async () => {
    const [first, second] = [createSecrets(), createSecrets()]
    const secretsIn = (...states: readonly [KeyState, KeyState]) => ({
      signingKeys: first.signingKeys,
      secrets: [
        { ...first.secrets[0], state: states[0] },
        { ...second.secrets[0], state: states[1] },
      ],
    })
    await using before = await startServer({ secrets: secretsIn('current', 'next') })
    await using after = await startServer({ secrets: secretsIn('retired', 'current') })
    const client = await before.addClient()
    const text = await returnToOf(before, authorizationUrl(before, client))
    const user = await after.addUser()
    const guest = openBrowser(after)
    const login = await guest.open(after.endpoint(`/login?${formBody({ return_to: text }).toString()}`))
    expect((await guest.signIn(login, user)).url.pathname).toBe('/oauth/authorize')
  })
})

test('the form that switches accounts is no open redirect either', async () => {
  const body = formBody({ intent: 'switch', return_to: 'https://evil.example/' })
  const page = await browser.open(server.endpoint('/login'), { method: 'POST', body })
  expect([page.url.origin, page.url.search]).toEqual([server.origin, '?prompt=login'])
})

describe('return_to of the sign-out page leads only to registered origins: not to', () => {
  const visitor = openBrowser(server)
  beforeAll(async () => void (await visitor.signIn(await visitor.open('/login'), user)))

  test.each([
    ['another host', 'https://evil.example/'],
    ['a subdomain', 'https://evil.shop.example/'],
    ['a host that begins alike', 'https://shop.example.evil.example/'],
    ['a host with a dot behind it', 'https://shop.example./'],
    ['another port', 'https://shop.example:8443/'],
    ['another scheme', 'http://shop.example/'],
    ['the right host as a user name', 'https://shop.example@evil.example/'],
    ['a user name before the right host', 'https://evil@shop.example/'],
    ['an empty user name', 'https://@shop.example/'],
    ['a host without a scheme', '//evil.example/'],
    ['a right host without a scheme', '//shop.example/'],
    ['backslashes', 'https:\\\\shop.example\\'],
    ['a backslash before another host', 'https://evil.example\\@shop.example/'],
    ['a backslash behind the host', 'https://shop.example\\.evil.example/'],
    ['a scheme without slashes', 'https:evil.example'],
    ['the right host without slashes', 'https:shop.example'],
    ['three slashes', 'https:///shop.example/'],
    ['a tab', 'https://shop.example/\t'],
    ['a header', 'https://shop.example/\r\nSet-Cookie: evil=1'],
    ['a leading space', ' https://shop.example/'],
    ['a lookalike letter', 'https://ѕhop.example/'],
    ['a full stop of another script', 'https://shop。example.evil.example/'],
    ['a script', 'javascript:alert(1)//https://shop.example'],
    ['data', 'data:text/html,<script>alert(1)</script>'],
    ['a blob', 'blob:https://shop.example/7'],
    ['a path', '/evil'],
    ['nothing', ''],
    ['a very long one', `https://shop.example/${'a'.repeat(2048)}`],
  ])('%s', async (_what, returnTo) => {
    const path = `/logout?${formBody({ return_to: returnTo }).toString()}`
    const open = (cookie = ''): Promise<Response> =>
      fetch(server.endpoint(path), { redirect: 'manual', headers: { cookie } })
    const asGuest = await open()
    expect([asGuest.status, asGuest.headers.get('location')]).toEqual([200, null])
    const page = await visitor.open(path)
    expect(Object.keys(formOf(page, 'Sign out').fields)).toEqual(['csrf'])
    expect(page.headers.get('content-security-policy')).toContain("form-action 'self';")
    const post = { method: 'POST', body: formBody({ return_to: returnTo }), redirect: 'manual' } as const
    const end = await fetch(server.endpoint('/logout'), post)
    expect([end.status, end.headers.get('location'), end.headers.getSetCookie()]).toEqual([
      303,
      '/logout',
      [],
    ])
  })

  test('two of them', async () => {
    const query = 'return_to=https://shop.example/&return_to=https://evil.example/'
    const page = await visitor.open(`/logout?${query}`)
    expect([page.status, page.url.origin]).toEqual([400, server.origin])
    expect(page.body).not.toContain('evil')
  })
})

test('the URL that return_to leads to is the one that was checked, escaped and in its normal form', async () => {
  const returnTo = 'HTTPS://SHOP.example:443/a"><script>/../é?q=<b>&x=\'#"'
  const visitor = openBrowser(server)
  await visitor.signIn(await visitor.open('/login'), user)
  const page = await visitor.open(`/logout?${formBody({ return_to: returnTo }).toString()}`)
  expect(formOf(page, 'Sign out').fields['return_to']).toBe(new URL(returnTo).href)
  expect(page.body).not.toMatch(/<script>|<b>/)
  const guest = await openBrowser(server).open(`/logout?${formBody({ return_to: returnTo }).toString()}`)
  expect(guest.url.href).toBe(new URL(returnTo).href)
})

test('a POST is redirected with 303, never with 307 or 308, which would repeat the password', async () => {
  const guest = openBrowser(server)
  const { forms } = await guest.open(server.endpoint('/login'))
  const headers = { cookie: [...guest.cookies].map((pair) => pair.join('=')).join('; ') }
  const post = async (path: string, fields: Parameters): Promise<Response> =>
    fetch(server.endpoint(path), { method: 'POST', redirect: 'manual', headers, body: formBody(fields) })
  const { email: username, password } = user
  const signedIn = await post('/login', { ...forms[0]?.fields, username, password })
  server.knownSecrets.add('cookie', /=([\w-]+)/.exec(signedIn.headers.get('set-cookie') ?? '')?.[1] ?? '')
  const others = [
    await post('/login', { intent: 'switch' }),
    await post('/logout', {}),
    await post('/oauth/authorize', { client_id: web.id, response_type: 'code' }),
  ]
  for (const response of [signedIn, ...others]) {
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).not.toContain('password')
  }
})
