import { createServer } from 'node:http'
import { afterAll, expect, test } from 'vitest'
import { oncePerProcess, toNext } from '../../../src/adapters/next.ts'
import { createAuthorizationServer } from '../../../src/index.ts'
import { sqlite } from '../../../src/store/sqlite.ts'
import { problemsOf, REQUIRED } from '../../support/config.ts'
import { startServer } from '../../support/server.ts'

const started = await startServer({ path: '/shop', trustedProxies: ['10.0.0.1'] })
const { server, origin } = started
afterAll(started.close)
const user = await started.addUser()
const secure = createAuthorizationServer({
  ...REQUIRED,
  issuer: 'https://id.example.com',
  store: sqlite(':memory:'),
  users: { find: async (id: string) => ({ id }), appSession: { signInUrl: '/sign-in' } },
})
afterAll(() => secure.close())

const wrongSecret = (headers: Readonly<Record<string, string>> = {}): Request =>
  new Request(`${origin}/shop/oauth/token`, {
    method: 'POST',
    headers,
    body: new URLSearchParams({ grant_type: 'client_credentials', client_id: 'unknown', client_secret: 'x' }),
  })
const refusedAddress = (): unknown => started.events.at(-1)?.payload['address']

test('the proxy answers the paths of the server and passes on all others', async () => {
  const seen: string[] = []
  const proxy = toNext(server).routes((request: Request, event: string) => {
    seen.push(`${request.url} ${event}`)
  })
  const metadata = await proxy(new Request(`${origin}/.well-known/oauth-authorization-server/shop`), 'event')
  expect(await metadata?.json()).toMatchObject({ issuer: server.issuer })
  expect(await proxy(new Request(`${origin}/orders`), 'event')).toBeUndefined()
  expect(seen).toEqual([`${origin}/orders event`])
  const below = new Request(`${origin}/.well-known/oauth-authorization-server/shop/`)
  expect(await toNext(server).routes()(below)).toBeUndefined()
  expect(await toNext(server).routes()(new Request(`${origin}/orders`))).toBeUndefined()
})

test('the proxy redirects with absolute URLs, which Next requires', async () => {
  const response = await toNext(server).routes()(new Request(`${origin}/shop/account`))
  expect(response?.headers.get('location')).toMatch(`${origin}/shop/`)
})

test('over https, the proxy redirects to the issuer, whatever the Host is', async () => {
  const proxy = toNext(secure).routes()
  const request = new Request('http://next:3000/account', { headers: { host: 'next:3000' } })
  expect((await proxy(request))?.headers.get('location')).toMatch('https://id.example.com/')
})

test.each(['/shop/login', '/shop/login/', '/login', '/login/'])(
  'the handlers of a catch-all route answer %s, whether Next has removed its basePath and added a slash or not',
  async (path) => {
    const { GET, HEAD } = toNext(server).routes()
    expect((await GET(new Request(origin + path))).status).toBe(200)
    expect((await HEAD(new Request(origin + path, { method: 'HEAD' }))).status).toBe(200)
  },
)

test('the handlers of a catch-all route answer unknown paths with 404', async () => {
  const routes = toNext(server).routes()
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'] as const) {
    const response = await routes[method](new Request(`${origin}/elsewhere`, { method }))
    expect([response.status, await response.json()]).toMatchObject([404, { error: 'not_found' }])
  }
})

test('a request of node:http has the address of its connection, and X-Forwarded-For does not replace it', async () => {
  const proxy = toNext(server).routes()
  const http = createServer(async (_, response) => {
    await new Promise((resolve) => setImmediate(resolve))
    await proxy(wrongSecret({ 'x-forwarded-for': '198.51.100.7' }))
    response.end()
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const address = http.address() as { readonly port: number }
  await fetch(`http://127.0.0.1:${address.port}`)
  http.close()
  expect(refusedAddress()).toBe('127.0.0.1')
})

test('`peer` replaces the address of the connection, and trusted proxies then count', async () => {
  const peer = (headers: Pick<Headers, 'get'>): string => headers.get('x-real-ip') ?? ''
  const proxy = toNext(server, { peer }).routes()
  await proxy(wrongSecret({ 'x-real-ip': '203.0.113.9', 'x-forwarded-for': '198.51.100.7' }))
  expect(refusedAddress()).toBe('203.0.113.9')
  await proxy(wrongSecret({ 'x-real-ip': '10.0.0.1', 'x-forwarded-for': '198.51.100.7' }))
  expect(refusedAddress()).toBe('198.51.100.7')
})

test('a session starts and ends through the functions of next/headers', async () => {
  const jar = new Map<string, string>()
  const cookies = async () => ({ set: (name: string, value: string) => void jar.set(name, value) })
  const headers = async () => new Headers({ cookie: [...jar].map((pair) => pair.join('=')).join('; ') })
  const auth = toNext(server, { cookies, headers, peer: () => '203.0.113.9' })
  expect(await auth.currentUser()).toBeUndefined()
  const session = await auth.startSession(user.id, { methods: ['otp'] })
  started.knownSecrets.add('session cookie', jar.get('consulate_session') ?? '')
  expect(session).toMatchObject({ methods: ['otp'], address: '203.0.113.9' })
  expect(await auth.currentUser()).toMatchObject({ id: user.id })
  const request = new Request(origin, { headers: await headers() })
  expect(await auth.currentUser(request)).toMatchObject({ id: user.id })
  await expect(auth.endSession({ provider: 'unknown' })).rejects.toThrow('unknown')
  expect(() => auth.for('unknown')).toThrow('unknown')
  await auth.endSession()
  expect(await auth.currentUser()).toBeUndefined()
})

test('cookies have the same attributes as those of the server', async () => {
  const set: unknown[] = []
  const cookies = async () => ({ set: (_name: string, ...cookie: unknown[]) => void set.push(cookie[1]) })
  const auth = toNext(secure, { cookies, headers: async () => new Headers() })
  await auth.startSession('7', { keepSignedIn: true })
  const attributes = { path: '/', httpOnly: true, sameSite: 'lax', secure: true }
  expect(set).toEqual(set.map(() => ({ ...attributes, maxAge: expect.any(Number) as number })))
  expect(set.length).toBeGreaterThan(1)
})

test('a server component, which cannot set cookies, still knows the user', async () => {
  const jar = new Map<string, string>()
  const cookies = async () => ({ set: (name: string, value: string) => void jar.set(name, value) })
  const headers = async () => new Headers({ cookie: [...jar].map((pair) => pair.join('=')).join('; ') })
  await toNext(server, { cookies, headers }).startSession(user.id, { keepSignedIn: true })
  for (const value of jar.values()) started.knownSecrets.add('cookie', value)
  started.clock.advance('2m')
  const calls: string[] = []
  const readOnly = async () => ({
    set: (name: string) => {
      calls.push(name)
      throw new Error('read-only')
    },
  })
  const auth = toNext(server, { cookies: readOnly, headers })
  expect(await auth.currentUser()).toMatchObject({ id: user.id })
  expect(calls).not.toEqual([])
})

test('sessions without the functions of next/headers fail with the fix', async () => {
  await expect(toNext(server).currentUser()).rejects.toThrow('toNext(server, { headers, cookies })')
})

test('guards reject misspelled scopes, and handlers keep their errors', async () => {
  // @ts-expect-error a misspelled scope does not compile
  expect(problemsOf(() => toNext(server).user('orders:raed'))).toHaveLength(1)
  const { accessToken } = await server.personalTokens.create(user.id, {
    name: 'Mine',
    scopes: ['orders:read'],
  })
  started.knownSecrets.add('access token', accessToken)
  const request = new Request(origin, { headers: { authorization: `Bearer ${accessToken}` } })
  const guard = toNext(server).user('orders:read')
  const params = Promise.resolve({ id: '7' })
  const handler = guard<{ id: string }>(async (_, context) =>
    Response.json({ user: context.auth.user.id, id: (await context.params).id }),
  )
  expect(await (await handler(request, { params })).json()).toEqual({ user: user.id, id: '7' })
  const failing = guard(() => {
    throw new RangeError('no orders today')
  })
  await expect(failing(request, { params })).rejects.toThrow(RangeError)
})

test('one server per process and issuer', () => {
  const create = (issuer: string) => () =>
    createAuthorizationServer({ ...REQUIRED, issuer, store: sqlite(':memory:') })
  const first = oncePerProcess(create('https://one.example.com'))
  expect(oncePerProcess(create('https://one.example.com'))).toBe(first)
  expect(oncePerProcess(create('https://two.example.com'))).not.toBe(first)
})

test('a module that is loaded again leaves the store of the running server open', async () => {
  const store = sqlite(':memory:')
  const create = () =>
    createAuthorizationServer({ ...REQUIRED, issuer: 'https://reloaded.example.com', store })
  const first = oncePerProcess(create)
  await first.ready()
  expect(oncePerProcess(create)).toBe(first)
  expect(await first.clients.list()).toEqual([])
  await first.close()
})
