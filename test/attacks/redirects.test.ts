import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { authorizationUrl, authorize, codeIn, formBody, createPkce } from '../support/oauth-client.ts'
import type { Parameters } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'

const REGISTERED = 'https://app.example/callback?tenant=1'

const server = await startServer()
const user = await server.addUser()
const web = await server.addClient({ redirectUris: [REGISTERED] })
const local = await server.addClient({ redirectUris: ['http://localhost:3000/cb'] })
const native = await server.addClient({
  type: 'public',
  redirectUris: ['http://127.0.0.1/cb', 'com.example.app:/cb'],
})
/** Somebody who is signed in and has consented: whatever is let through here ends in a code. */
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
  { scope: 'nobody:knows' },
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

describe('a redirect URI is compared to the letter, whatever else the request says: no redirect for', () => {
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
    ['two URIs at once', `${REGISTERED} https://evil.example/`],
    ['no scheme', '//app.example/callback?tenant=1'],
    ['data', 'data:text/html,<script>alert(1)</script>'],
  ])('%s', (_, uri) => expectNoRedirect(uri))

  test("another client's redirect URI", () => expectNoRedirect('com.example.app:/cb'))
})

describe('on loopback only the port is free (RFC 8252 section 7.3): no redirect for', () => {
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

  test("another port of a confidential client's localhost, for which a name server answers", () =>
    expectNoRedirect('http://localhost:3001/cb', local))

  test('and the free port is not free of its numbers', async () => {
    const url = authorizationUrl(server, native, { ...pkce, redirect_uri: 'http://127.0.0.1:49152/cb' })
    expect((await authorize(browser, url, user)).url.href).toMatch(/^http:\/\/127\.0\.0\.1:49152\/cb\?code=/)
    await expectNoRedirect('http://127.0.0.1:65536/cb', native)
  })
})

describe('return_to leads nowhere but to the authorization endpoint, for guests and for who is signed in', () => {
  test.each([
    'https://evil.example/',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\/evil.example',
    '/\t/evil.example',
    '\t//evil.example/oauth/authorize',
    '/%09/evil.example',
    '/%5cevil.example',
    'https:evil.example',
    'http:///evil.example/oauth/authorize',
    '/oauth/authorize/../../evil',
    '/oauth/authorize/..;/evil',
    '/oauth/authorize/',
    '/oauth/authorize@evil.example',
    '/oauth/authorize%2f..%2fevil',
    '/OAUTH/authorize',
    'javascript:alert(1)//evil',
    'data:text/html,evil',
    'evil.example/oauth/authorize',
  ])('%j', async (text) => {
    const query = formBody({ return_to: text }).toString()
    const signedIn = await browser.open(server.endpoint(`/login?${query}`))
    expect([signedIn.status, signedIn.url.href]).toEqual([200, server.endpoint(`/login?${query}`)])
    expect(signedIn.text).toContain("You're signed in")
    const guest = openBrowser(server)
    const login = await guest.open(server.endpoint(`/login?${query}`))
    expect(login.body).not.toContain('evil')
    const fields = { username: user.email, password: user.password, return_to: text }
    expect((await guest.press(login, 'Sign in', fields)).url.href).toBe(server.endpoint('/login'))
  })

  test('not even where its origin is spelled like ours', async () => {
    const { host } = new URL(server.origin)
    const tricks = [
      `http://${host}@evil.example/oauth/authorize`,
      `http://${host}.evil.example/oauth/authorize`,
      `http://evil.example\\@${host}/oauth/authorize`,
      `http://evil.example#@${host}/oauth/authorize`,
      `blob:http://${host}/oauth/authorize`,
      `https://${host}/oauth/authorize`,
    ]
    for (const text of tricks) {
      const url = server.endpoint(`/login?${formBody({ return_to: text }).toString()}`)
      expect((await browser.open(url)).url.href).toBe(url)
    }
  })

  test('and what it leads to is on this server, whoever is written before it', async () => {
    const { host } = new URL(server.origin)
    const query = formBody({ return_to: `http://evil@${host}/oauth/authorize?client_id=x` }).toString()
    const response = await fetch(server.endpoint(`/login?${query}`), {
      redirect: 'manual',
      headers: { cookie: [...browser.cookies].map((pair) => pair.join('=')).join('; ') },
    })
    expect([response.status, response.headers.get('location')]).toEqual([303, '/oauth/authorize?client_id=x'])
  })
})

test('the form that switches accounts is no way out either', async () => {
  const body = formBody({ intent: 'switch', return_to: 'https://evil.example/' })
  const page = await browser.open(server.endpoint('/login'), { method: 'POST', body })
  expect([page.url.origin, page.url.search]).toEqual([server.origin, '?prompt=login'])
})

test('whoever posts is sent on with 303, never with 307 or 308, which would take the password along', async () => {
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
