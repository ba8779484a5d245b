import { connect } from 'node:http2'
import { text } from 'node:stream/consumers'
import { createGunzip, gzipSync } from 'node:zlib'
import { toFastify } from 'consulate/fastify'
import { createTestGuard } from 'consulate/testing'
import fastify, { type FastifyInstance, type FastifyPluginAsync } from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createLogged, FORM } from './served.ts'

const guard = createTestGuard({ scopes: ['orders:read'] })
const headers = { authorization: `Bearer ${guard.tokenFor('7', ['orders:read'])}` }

const METADATA = '/.well-known/oauth-authorization-server'

/** Creates an app that is closed after the test. */
function createApp(): FastifyInstance {
  const app = fastify()
  onTestFinished(() => app.close())
  return app
}

const statusesOf = (app: FastifyInstance, urls: readonly string[]): Promise<readonly number[]> =>
  Promise.all(urls.map(async (url) => (await app.inject(url)).statusCode))

describe('the plugin', () => {
  const WITH_PATH = 'https://shop.example/id'
  const PATHS = ['/id/.well-known/jwks.json', `${METADATA}/id`, '/id/missing', '/.well-known/jwks.json']

  test.each<[string, (app: FastifyInstance, plugin: FastifyPluginAsync) => void]>([
    ['on the root app', (app, plugin) => void app.register(plugin)],
    ['with the prefix of the issuer', (app, plugin) => void app.register(plugin, { prefix: '/id' })],
    [
      'in a plugin with the prefix of the issuer',
      (app, plugin) => void app.register(async (scope) => void scope.register(plugin), { prefix: '/id' }),
    ],
  ])('serves all paths of an issuer with a path %s', async (_where, register) => {
    const { server } = await createLogged(WITH_PATH)
    const app = createApp()
    register(app, toFastify(server).routes())
    expect(await statusesOf(app, PATHS)).toEqual([200, 200, 404, 404])
  })

  test.each([
    ['https://shop.example', '/id', 'the issuer has no path. Set issuer to https://shop.example/id'],
    [WITH_PATH, '/auth', 'the path of the issuer is /id. Set issuer to https://shop.example/auth'],
    [WITH_PATH, '/i', 'the path of the issuer is /id. Set issuer to https://shop.example/i'],
  ])('of %s fails at startup with the prefix %s', async (issuer, prefix, problem) => {
    const { server } = await createLogged(issuer)
    const app = createApp()
    void app.register(toFastify(server).routes(), { prefix })
    await expect(app.ready()).rejects.toThrow(`prefix: is ${prefix}, but ${problem}`)
  })

  test('leaves the content type parsers of the app alone', async () => {
    const { server, tokenForm } = await createLogged()
    const app = createApp()
    await app.register(toFastify(server).routes())
    app.post('/echo', (request) => request.body)
    const echo = await app.inject({ method: 'POST', url: '/echo', payload: { a: 1 } })
    expect(echo.json()).toEqual({ a: 1 })
    const request = { method: 'POST', headers: { 'content-type': FORM }, payload: tokenForm } as const
    expect((await app.inject({ ...request, url: '/oauth/token' })).statusCode).toBe(200)
    expect((await app.inject({ ...request, url: '/echo' })).statusCode).toBe(415)
  })

  test('answers a malformed content type in the format of the endpoint', async () => {
    const { server, tokenForm } = await createLogged()
    const app = createApp()
    app.setErrorHandler((_error, _request, reply) => reply.code(418).send())
    await app.register(toFastify(server).routes())
    const request = { method: 'POST', url: '/oauth/token', payload: tokenForm } as const
    const response = await app.inject({ ...request, headers: { 'content-type': 'form' } })
    expect([response.statusCode, response.json<unknown>()]).toEqual([
      400,
      { error: 'invalid_request', error_description: `The content type must be ${FORM}` },
    ])
  })

  test('reads a body that a hook of the app has decompressed', async () => {
    const { server, tokenForm } = await createLogged()
    const app = createApp()
    app.addHook('preParsing', async (_request, _reply, payload) => payload.pipe(createGunzip()))
    await app.register(toFastify(server).routes())
    const request = { method: 'POST', url: '/oauth/token', headers: { 'content-type': FORM } } as const
    expect((await app.inject({ ...request, payload: gzipSync(tokenForm) })).statusCode).toBe(200)
    const long = gzipSync(`note=${'x'.repeat(1_000_000)}`)
    expect((await app.inject({ ...request, payload: long })).statusCode).toBe(413)
    const cut = gzipSync(tokenForm).subarray(0, -12)
    expect((await app.inject({ ...request, payload: cut })).statusCode).toBe(400)
  })

  test('logs requests without their queries', async () => {
    const { server } = await createLogged()
    const lines: string[] = []
    const app = fastify({ logger: { stream: { write: (line) => void lines.push(line) } } })
    onTestFinished(() => app.close())
    await app.register(toFastify(server).routes())
    await app.inject('/.well-known/jwks.json?token=secret')
    expect(lines.join('')).toContain('/.well-known/jwks.json')
    expect(lines.join('')).not.toContain('secret')
  })

  test('answers over HTTP/2, without a Connection header', async () => {
    const { server } = await createLogged()
    const app = fastify({ http2: true })
    onTestFinished(() => app.close())
    await app.register(toFastify(server).routes())
    const session = connect(await app.listen({ port: 0, host: '127.0.0.1' }))
    const stream = session.request({ ':method': 'POST', ':path': '/oauth/token', 'content-type': FORM })
    const response = new Promise<Record<string, unknown>>((resolve) => void stream.on('response', resolve))
    stream.end(`note=${'x'.repeat(70_000)}`)
    expect(await response).toMatchObject({ ':status': 413 })
    expect((await response)['connection']).toBeUndefined()
    expect(await text(stream)).toContain('The body is too long')
    session.close()
  })
})

describe('a guard', () => {
  test('is a hook of a route and of a plugin', async () => {
    const auth = toFastify(guard)
    const app = createApp()
    app.get('/orders', { onRequest: auth.user('orders:read') }, ({ auth: caller }) => caller)
    void app.register(async (scope) => {
      scope.addHook('preHandler', auth.machine())
      scope.get('/machine', () => 'machine')
    })
    expect((await app.inject({ url: '/orders', headers })).json()).toMatchObject({ user: { id: '7' } })
    expect((await app.inject({ url: '/machine', headers })).statusCode).toBe(401)
    expect((await app.inject('/orders')).headers['www-authenticate']).toMatch(/^Bearer /)
  })

  test('waits for a handler that replies later, whether its token is cached or not', async () => {
    const { server, tokenForm } = await createLogged()
    const auth = toFastify(server)
    const app = createApp()
    await app.register(auth.routes())
    app.get(
      '/later',
      auth.machine()((request, reply) => {
        setImmediate(() => void reply.send({ client: request.auth.client.id }))
      }),
    )
    const issued = await app.inject({
      method: 'POST',
      url: '/oauth/token',
      headers: { 'content-type': FORM },
      payload: tokenForm,
    })
    const { access_token: token } = issued.json<{ access_token: string }>()
    for (const _again of ['verified', 'cached']) {
      const response = await app.inject({ url: '/later', headers: { authorization: `Bearer ${token}` } })
      expect(response.json()).toHaveProperty('client')
    }
  })

  test('keeps the handler from running if the token is missing', async () => {
    const app = createApp()
    let calls = 0
    app.get(
      '/',
      toFastify(guard).user()(() => ++calls),
    )
    expect([(await app.inject('/')).statusCode, calls]).toEqual([401, 0])
  })

  test('passes the handler its instance, and the request to the error handler', async () => {
    const app = createApp()
    app.setErrorHandler((error: Error, request, reply) =>
      reply.code(418).send(`${request.url} ${error.message}`),
    )
    app.get(
      '/fails',
      toFastify(guard).user()(async () => {
        throw new Error('no orders today')
      }),
    )
    const response = await app.inject({ url: '/fails', headers })
    expect([response.statusCode, response.body]).toEqual([418, '/fails no orders today'])
  })
})
