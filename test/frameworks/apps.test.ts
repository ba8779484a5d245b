import { Agent, request as send, type IncomingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { authorizationCode, clientCredentials, refreshToken, signIn, type AppUserProvider } from 'consulate'
import { afterAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { authorizationUrl, getTokens, requestToken } from '../support/oauth-client.ts'
import { startServer, type ServerOptions } from '../support/server.ts'
import { callSignInApi, logIn, postLogin } from '../support/sign-in-api.ts'
import { mount as mountExpress } from './apps/express.ts'
import { mount as mountExpress4 } from './apps/express-4.ts'
import { mount as mountFastify } from './apps/fastify.ts'
import { mount as mountHono } from './apps/hono.ts'
import { mount as mountKoa } from './apps/koa.ts'

const grants = [
  authorizationCode(),
  refreshToken(),
  clientCredentials(),
  signIn({ scopes: ['orders:read', 'profile'] }),
]

const apps = [
  ['Express', await startServer({ mount: mountExpress, grants })],
  ['Express 4', await startServer({ mount: mountExpress4, grants })],
  ['Fastify', await startServer({ mount: mountFastify, grants })],
  ['Hono', await startServer({ mount: mountHono, grants })],
  ['Koa', await startServer({ mount: mountKoa, grants })],
] as const
afterAll(() => Promise.all(apps.map(([, server]) => server.close())))

interface Sent {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Sends a request without what `fetch` adds or hides. */
function ask(
  url: string,
  options: { method?: string; headers?: Record<string, string>; agent?: Agent } = {},
  body = '',
) {
  return new Promise<Sent>((resolve, reject) => {
    const sent = send(url, options, (response) => {
      void text(response).then((body) =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

const FORM = 'application/x-www-form-urlencoded'

describe.each(apps)('in %s', (_name, server) => {
  test('a form is used that a parser of the app has read', async () => {
    const client = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
    const parameters = { grant_type: 'client_credentials', scope: 'orders:read' }
    expect((await getTokens(server, client, parameters)).scope).toBe('orders:read')
  })

  test('a JSON body is used too', async () => {
    const user = await server.addUser()
    expect((await postLogin(server, user)).status).toBe(200)
    expect((await callSignInApi(server, '/auth/login', { body: { username: ['a'] } })).status).toBe(400)
  })

  test('pages have their own policy, and the other headers of the app', async () => {
    const { headers, body } = await ask(server.endpoint('/login'))
    expect(body).toContain('<form')
    expect(headers['content-security-policy']).toContain("default-src 'none'")
    expect([headers['x-frame-options'], headers['x-app']]).toEqual(['DENY', 'shop'])
    expect(headers['content-type']).toBe('text/html; charset=utf-8')
  })

  test('other origins may read what the app lets them read, but not the pages of the server', async () => {
    const headersOf = async (path: string): Promise<unknown> =>
      (await ask(server.endpoint(path))).headers['access-control-allow-origin']
    const paths = ['/app', '/orders/7', '/login', '/.well-known/jwks.json']
    expect(await Promise.all(paths.map(headersOf))).toEqual(['*', '*', undefined, '*'])
  })

  test('a user signs in and allows a client', async () => {
    const [browser, user] = [openBrowser(server), await server.addUser()]
    const page = await browser.open(authorizationUrl(server, await server.addClient()))
    const consent = await browser.signIn(page, user)
    expect((await browser.press(consent, 'Allow')).url.searchParams.get('code')).toMatch(/./)
  })

  test('JSON has the content type and the headers that it has without a framework', async () => {
    const GRANT = { grant_type: 'client_credentials' }
    const { status, headers } = await requestToken(
      server,
      { id: 'nobody', secret: 'x', redirectUri: '' },
      GRANT,
    )
    expect([status, headers.get('content-type'), headers.get('cache-control')]).toEqual([
      401,
      'application/json',
      'no-store',
    ])
    expect(headers.get('www-authenticate')).toMatch(/^Basic /)
  })

  test('HEAD has the headers of GET, OPTIONS and other methods are answered', async () => {
    const url = server.endpoint('/.well-known/jwks.json')
    const [get, head] = [await ask(url), await ask(url, { method: 'HEAD' })]
    expect([head.status, head.body, head.headers['content-type']]).toEqual([
      200,
      '',
      get.headers['content-type'],
    ])
    const options = await ask(url, { method: 'OPTIONS' })
    expect([options.status, options.headers['content-length']]).toEqual([204, undefined])
    const put = await ask(url, { method: 'PUT' })
    expect([put.status, put.headers.allow]).toEqual([405, 'GET, HEAD, OPTIONS'])
  })

  test('every other path goes to the app', async () => {
    expect(await ask(server.endpoint('/app'))).toMatchObject({ status: 200, body: 'app' })
    const missing = await ask(server.endpoint('/missing'))
    expect([missing.status, missing.body.includes('not_found')]).toEqual([404, false])
    expect((await ask(server.endpoint('/oauth/token/'))).body).not.toContain('not_found')
  })

  test('paths that end with an ID are found, however long it is', async () => {
    const { access_token: token } = await logIn(server, await server.addUser())
    for (const id of ['unknown', 'a%2fb', 'x'.repeat(3000)]) {
      const { status, body } = await callSignInApi(server, `/auth/devices/${id}`, { method: 'DELETE', token })
      expect([status, body['error']]).toEqual([404, 'not_found'])
    }
  })

  test('a connection is kept open', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const options = { agent, method: 'POST', headers: { 'content-type': FORM } }
    const first = await ask(server.endpoint('/oauth/token'), options, 'grant_type=client_credentials')
    expect([first.status, first.headers.connection]).toEqual([401, 'keep-alive'])
    expect((await ask(server.endpoint('/login'), { agent })).status).toBe(200)
    agent.destroy()
  })

  test('a body that is too long is refused, and the server keeps running', async () => {
    const options = { method: 'POST', headers: { 'content-type': FORM } }
    const { status, body } = await ask(server.endpoint('/oauth/token'), options, `note=${'x'.repeat(70_000)}`)
    expect([status, body]).toEqual([413, expect.stringContaining('The body is too long')])
    expect((await ask(server.endpoint('/app'))).status).toBe(200)
  })

  test('a client that disconnects during its upload leaves the server running', async () => {
    const socket = connect(Number(new URL(server.origin).port), '127.0.0.1')
    socket.on('error', () => undefined)
    const head = `POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: ${FORM}\r\nContent-Length: 90\r\n\r\nhalf`
    await new Promise((resolve) => socket.write(head, resolve))
    socket.destroy()
    expect((await ask(server.endpoint('/app'))).status).toBe(200)
  })

  test('a guard passes the user to the handler', async () => {
    const user = await server.addUser()
    const { access_token: token } = await logIn(server, user)
    const headers = { authorization: `Bearer ${token}` }
    for (const _again of ['verified', 'cached']) {
      const { status, body } = await ask(server.endpoint('/orders/7'), { headers })
      expect([status, JSON.parse(body)]).toEqual([200, { id: '7', user: user.id }])
    }
  })

  test('a refusal has its challenge, and the headers of the app', async () => {
    const missing = await ask(server.endpoint('/orders/7'))
    expect([missing.status, JSON.parse(missing.body), missing.headers['content-type']]).toEqual([
      401,
      { error: 'missing_token', error_description: 'Missing token' },
      'application/json',
    ])
    expect(missing.headers).toMatchObject({
      'www-authenticate': `Bearer realm="${server.issuer}"`,
      'cache-control': 'no-store',
      'x-app': 'shop',
    })
    const { access_token: token } = await logIn(server, await server.addUser(), { scope: 'profile' })
    const headers = { authorization: `Bearer ${token}` }
    const insufficient = await ask(server.endpoint('/orders/7'), { headers })
    expect([insufficient.status, insufficient.headers['www-authenticate']]).toEqual([
      403,
      expect.stringContaining('scope="orders:read"'),
    ])
  })

  test('an error of a guarded handler reaches the error handler of the app', async () => {
    const { access_token: token } = await logIn(server, await server.addUser())
    const headers = { authorization: `Bearer ${token}` }
    for (const _again of ['verified', 'cached']) {
      const { status, body } = await ask(server.endpoint('/fails'), { headers })
      expect([status, body]).toEqual([418, '{"caught":"no orders today"}'])
    }
  })

  test('the app starts a session, knows its user, and ends it', async () => {
    const [browser, user] = [openBrowser(server), await server.addUser()]
    const who = async (): Promise<unknown> => JSON.parse((await browser.open(server.endpoint('/who'))).body)
    expect(await who()).toEqual({ id: null })
    const post = { method: 'POST' }
    expect((await browser.open(server.endpoint(`/start/${user.id}`), post)).status).toBe(200)
    expect(await who()).toEqual({ id: user.id })
    expect((await browser.open(server.endpoint('/login'))).text).toContain("You're signed in")
    await browser.open(server.endpoint('/end'), post)
    expect(await who()).toEqual({ id: null })
  })

  test('failures are counted by the address of the client', async () => {
    const user = await server.addUser()
    await logIn(server, user)
    const [device] = await server.server.sessions.list(user)
    expect(device?.address).toBe('127.0.0.1')
  })
})

test.each([
  ['Express', mountExpress, 'app'],
  ['Fastify', mountFastify, 'routeOptions'],
  ['Hono', mountHono, 'var'],
  ['Koa', mountKoa, 'state'],
])('in %s, appSession receives its request and all headers', async (_name, mount, member) => {
  const seen: unknown[] = []
  const users: AppUserProvider = {
    find: async (id) => ({ id }),
    appSession: {
      signInUrl: '/sign-in',
      current(request, original) {
        seen.push([request.headers.get('x-shop'), member in Object(original)])
        return undefined
      },
    },
  }
  await using server = await startServer({ mount, users, grants: [authorizationCode()] } as ServerOptions)
  for (const path of ['/account/devices', '/who'])
    await ask(server.endpoint(path), { headers: { 'x-shop': 'tea' } })
  expect(seen).toEqual([
    ['tea', true],
    ['tea', true],
  ])
})
