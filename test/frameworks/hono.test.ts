import { connect } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { toHono } from 'consulate/hono'
import { createTestGuard } from 'consulate/testing'
import { Hono, type Context } from 'hono'
import { compress } from 'hono/compress'
import { cors } from 'hono/cors'
import { etag } from 'hono/etag'
import { secureHeaders } from 'hono/secure-headers'
import { describe, expect, test } from 'vitest'
import { createLogged, FORM, postForm, serve } from './served.ts'

const METADATA = '/.well-known/oauth-authorization-server'
const KEYS = '/.well-known/jwks.json'

const serveApp = (app: Hono): Promise<string> => serve(getRequestListener(app.fetch))

const ALREADY_READ = 'The request body was already read. Mount the server before the code that reads it'

describe('a body', () => {
  test.each<[string, (c: Context) => Promise<unknown>]>([
    ['not', async () => undefined],
    ['with text()', (c) => c.req.text()],
    ['with parseBody()', (c) => c.req.parseBody()],
    ['with parseBody({ all: true })', (c) => c.req.parseBody({ all: true })],
    ['with formData()', (c) => c.req.formData()],
    ['with arrayBuffer()', (c) => c.req.arrayBuffer()],
    ['with blob()', (c) => c.req.blob()],
    ['with json(), which failed', (c) => c.req.json().catch(() => undefined)],
  ])('is used as it was sent if the app has read it %s', async (_how, read) => {
    const { server, tokenForm, problems } = await createLogged()
    const app = new Hono()
    app.use(async (c, next) => {
      await read(c)
      await next()
    })
    app.use(toHono(server).routes())
    const url = `${await serveApp(app)}/oauth/token`
    expect((await postForm(url, tokenForm)).status).toBe(200)
    const repeated = await postForm(url, `${tokenForm}&grant_type=client_credentials`)
    expect(await repeated.json()).toHaveProperty(
      'error_description',
      'A parameter is included more than once',
    )
    expect((await postForm(url, `${tokenForm}&note=${'x'.repeat(70_000)}`)).status).toBe(413)
    expect(problems()).not.toContain(ALREADY_READ)
  })

  test('that the app has read without Hono gets 500 and a log line with the fix', async () => {
    const { server, tokenForm, problems } = await createLogged()
    const app = new Hono()
    app.use(async (c, next) => {
      await c.req.raw.text()
      await next()
    })
    app.use(toHono(server).routes())
    expect((await postForm(`${await serveApp(app)}/oauth/token`, tokenForm)).status).toBe(500)
    expect(problems()).toEqual([ALREADY_READ])
  })

  test('that is too long is refused without being read, and the connection is closed', async () => {
    const { server } = await createLogged()
    const app = new Hono().use(toHono(server).routes())
    const socket = connect(Number(new URL(await serveApp(app)).port), '127.0.0.1')
    const received = new Promise<string>((resolve) => {
      let text = ''
      socket.on('data', (chunk) => (text += String(chunk)))
      socket.on('close', () => resolve(text))
    })
    const head = `POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: ${FORM}\r\nContent-Length: 900000\r\n\r\n`
    socket.write(`${head}note=`)
    expect(await received).toMatch(/^HTTP\/1\.1 413 /)
  })

  test('that ends early leaves the server running', async () => {
    const { server } = await createLogged()
    const app = new Hono().use(toHono(server).routes())
    const origin = await serveApp(app)
    const socket = connect(Number(new URL(origin).port), '127.0.0.1')
    const head = `POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: ${FORM}\r\nContent-Length: 90\r\n\r\nhalf`
    await new Promise((resolve) => socket.write(head, resolve))
    socket.destroy()
    expect((await fetch(origin + KEYS)).status).toBe(200)
  })
})

test('middleware of Hono leaves the responses of the server intact', async () => {
  const { server } = await createLogged()
  const app = new Hono()
  app.use(secureHeaders(), cors({ origin: 'https://shop.example' }), compress(), etag())
  app.use(toHono(server).routes())
  const origin = await serveApp(app)
  const metadata = await fetch(origin + METADATA)
  expect(await metadata.json()).toHaveProperty('issuer', server.issuer)
  expect(metadata.headers.get('access-control-allow-origin')).toBe('*')
  expect(metadata.headers.get('strict-transport-security')).not.toBeNull()
  const known = { headers: { 'if-none-match': metadata.headers.get('etag') ?? '' } }
  expect((await fetch(origin + METADATA, known)).status).toBe(304)
})

test.each([
  ['before', /^default-src 'self'/],
  ['after', /^default-src 'none'/],
] as const)(
  'with a policy of secureHeaders() %s the routes, pages have the policy %s',
  async (place, policy) => {
    const { server } = await createLogged()
    const app = new Hono()
    const own = secureHeaders({ contentSecurityPolicy: { defaultSrc: ["'self'"] } })
    if (place === 'before') app.use(own, toHono(server).routes())
    else app.use(toHono(server).routes(), own)
    expect((await app.request('/login')).headers.get('content-security-policy')).toMatch(policy)
  },
)

describe('below a path', () => {
  const WITH_PATH = 'https://shop.example/id'
  const NO_METADATA =
    'Mounted at /id, where no requests for the metadata arrive. Write app.use(auth.routes()) on the root app'
  const PATHS = [`/id${KEYS}`, `${METADATA}/id`, METADATA, '/id/missing']

  test('of the issuer, all paths are answered from the root app', async () => {
    const { server, problems } = await createLogged(WITH_PATH)
    const app = new Hono().use(toHono(server).routes())
    const statuses = await Promise.all(PATHS.map(async (path) => (await app.request(path)).status))
    expect([statuses, problems()]).toEqual([[200, 200, 404, 404], []])
  })

  test.each<
    [string, (routes: ReturnType<ReturnType<typeof toHono<'', '', '', never, object>>['routes']>) => Hono]
  >([
    ['a path pattern', (routes) => new Hono().use('/id/*', routes)],
    ['a base path', (routes) => new Hono().basePath('/id').use(routes)],
    ['a sub-app', (routes) => new Hono().route('/id', new Hono().use(routes))],
  ])(
    'of the issuer, it is answered in %s, and the log says that the metadata is not',
    async (_how, mount) => {
      const { server, problems } = await createLogged(WITH_PATH)
      const app = mount(toHono(server).routes())
      const paths = [`/id${KEYS}`, `/id${KEYS}`, '/id/missing']
      const statuses = await Promise.all(paths.map(async (path) => (await app.request(path)).status))
      expect([statuses, problems()]).toEqual([[200, 200, 404], [NO_METADATA]])
    },
  )

  test('of the issuer, a second mount can answer the metadata', async () => {
    const { server, problems } = await createLogged(WITH_PATH)
    const auth = toHono(server)
    const app = new Hono().use('/id/*', auth.routes()).use('/.well-known/*', auth.routes())
    const statuses = await Promise.all(PATHS.map(async (path) => (await app.request(path)).status))
    expect([statuses, problems()]).toEqual([[200, 200, 404, 404], []])
  })

  test('that the issuer lacks, the log names the fix once', async () => {
    const { server, problems } = await createLogged('https://shop.example')
    const app = new Hono().use('/id/*', toHono(server).routes())
    for (const _again of [1, 2]) expect((await app.request(`/id${KEYS}`)).status).toBe(404)
    expect(problems()).toEqual([
      'Mounted at /id, but the issuer has no path. Set issuer to https://shop.example/id',
    ])
  })
})

test('the address of the client can be passed', async () => {
  const { server } = await createLogged()
  const auth = toHono(server, { peer: (c) => c.req.header('x-client') })
  const app = new Hono().use(auth.routes())
  const failed = async (address: string): Promise<number> => {
    const headers = { 'content-type': FORM, 'x-client': address }
    const init = {
      method: 'POST',
      headers,
      body: 'grant_type=client_credentials&client_id=x&client_secret=y',
    }
    return (await app.request('/oauth/token', init)).status
  }
  const statuses = new Set<number>()
  for (let count = 0; count < 70; count += 1) statuses.add(await failed('192.0.2.1'))
  expect([[...statuses], await failed('192.0.2.2')]).toEqual([[401, 429], 401])
})

test('a guard sets its result for the handlers after it only', async () => {
  const guard = createTestGuard({ scopes: ['orders:read'] })
  const app = new Hono()
  app.get('/orders', toHono(guard).user('orders:read'), (c) => c.json(c.var.auth))
  app.get('/open', (c) => c.json(c.var))
  const headers = { authorization: `Bearer ${guard.tokenFor('7', ['orders:read'])}` }
  expect(await (await app.request('/orders', { headers })).json()).toMatchObject({ user: { id: '7' } })
  expect(await (await app.request('/open', { headers })).json()).toEqual({})
  expect((await app.request('/orders')).headers.get('www-authenticate')).toMatch(/^Bearer /)
})
