import { createServer, type ServerResponse } from 'node:http'
import { createGzip } from 'node:zlib'
import { createAuthorizationServer, jsonLogger, type AuthorizationServer } from 'consulate'
import { toExpress } from 'consulate/express'
import { createTestGuard } from 'consulate/testing'
import express5, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'
import express4 from 'express4'
import helmet from 'helmet'
import { afterAll, describe, expect, test } from 'vitest'
import { commonConfig, REQUIRED } from '../support/config.ts'
import { listen } from '../support/server.ts'

const closing: (() => void)[] = []
afterAll(() => closing.forEach((close) => close()))

async function serve(app: Express): Promise<string> {
  const http = createServer(app)
  closing.push(() => http.close())
  return listen(http)
}

/** Creates a server with the errors that it logs. */
function create(path = ''): { readonly server: AuthorizationServer; readonly errors: readonly string[] } {
  const errors: string[] = []
  const logger = jsonLogger({ level: 'error', write: (line) => void errors.push(line) })
  const issuer = `https://shop.example${path}`
  return { server: createAuthorizationServer({ ...REQUIRED, ...commonConfig(), issuer, logger }), errors }
}

const METADATA = '/.well-known/oauth-authorization-server'
const guard = createTestGuard({ scopes: ['orders:read'] })
const headers = { authorization: `Bearer ${guard.tokenFor('7', ['orders:read'])}` }

const statusesOf = async (origin: string, ...paths: readonly string[]): Promise<readonly number[]> =>
  Promise.all(paths.map(async (path) => (await fetch(origin + path)).status))

describe.each([
  ['Express 5', express5],
  ['Express 4', express4],
])('in %s', (_name, express) => {
  describe('below the path of the issuer', () => {
    const paths = ['/id/.well-known/jwks.json', `${METADATA}/id`, METADATA, '/id/orders']

    test('the routes also answer the metadata, which is outside', async () => {
      const { server, errors } = create('/id')
      const app = express().use('/id', toExpress(server).routes())
      app.get('/id/orders', (_request, response) => void response.sendStatus(202))
      const origin = await serve(app)
      expect(await statusesOf(origin, ...paths)).toEqual([200, 200, 404, 202])
      const metadata = (await (await fetch(`${origin}${METADATA}/id`)).json()) as Record<string, unknown>
      expect(metadata['token_endpoint']).toBe('https://shop.example/id/oauth/token')
      expect(errors).toEqual([])
    })

    test('the same works in an app within the app', async () => {
      const { server, errors } = create('/id')
      const inner = express().use(toExpress(server).routes())
      expect(await statusesOf(await serve(express().use('/id', inner)), ...paths)).toEqual([
        200, 200, 404, 404,
      ])
      const other = express().use('/id', toExpress(server).routes())
      expect(await statusesOf(await serve(express().use(other)), ...paths)).toEqual([200, 200, 404, 404])
      expect(errors).toEqual([])
    })

    test('a router cannot answer the metadata: the fix is logged once, and works', async () => {
      const { server, errors } = create('/id')
      const [auth, router] = [toExpress(server), express.Router()]
      const origin = await serve(express().use(router.use('/id', auth.routes())))
      expect(await statusesOf(origin, ...paths)).toEqual([200, 404, 404, 404])
      expect(await statusesOf(origin, ...paths)).toEqual([200, 404, 404, 404])
      expect(errors).toEqual([expect.stringContaining('Write app.use(auth.routes()) on the root app')])
      const fixed = toExpress(server)
      const app = express().use(express.Router().use('/id', fixed.routes()))
      const fixedOrigin = await serve(app.use(fixed.routes()))
      expect(await statusesOf(fixedOrigin, ...paths)).toEqual([200, 200, 404, 404])
      expect(errors).toHaveLength(1)
    })
  })

  describe('the error handler of the app', () => {
    const auth = toExpress(guard)
    const handleError: ErrorRequestHandler = (error, _request, response, _next) => {
      response.status(418).send(error instanceof Error ? error.message : 'unknown')
    }
    const failures: readonly (readonly [name: string, fail: () => unknown, message: string])[] = [
      [
        'throws',
        () => {
          throw new Error('no orders today')
        },
        'no orders today',
      ],
      ['rejects', () => Promise.reject(new Error('no orders today')), 'no orders today'],
      ['rejects without a reason', () => Promise.reject(), 'The handler rejected without a reason'],
    ]

    test.each(failures)('receives what a guarded handler that %s', async (_name, fail, message) => {
      const app = express()
      app.get('/wrapped', auth.user('orders:read')(fail))
      const origin = await serve(app.use(handleError))
      for (const _again of ['verified', 'cached']) {
        const response = await fetch(`${origin}/wrapped`, { headers })
        expect([response.status, await response.text()]).toEqual([418, message])
      }
    })

    test('is not called for refusals', async () => {
      const app = express()
      app.get('/orders', auth.user('orders:read'), (_request, response) => void response.send('orders'))
      app.get('/machine', auth.machine(), (_request, response) => void response.send('orders'))
      const origin = await serve(app.use(handleError))
      expect(await statusesOf(origin, '/orders', '/machine')).toEqual([401, 401])
      expect((await fetch(`${origin}/orders`, { headers })).status).toBe(200)
      expect((await fetch(`${origin}/machine`, { headers })).status).toBe(401)
    })
  })

  test("a guard on a router guards its routes, and leaves the app's own parameters alone", async () => {
    const router = express.Router().use(toExpress(guard).user('orders:read'))
    router.get('/:id', (request, response) => {
      response.json({ id: request.params.id, user: request.auth?.kind === 'user' && request.auth.user.id })
    })
    const origin = await serve(express().use('/orders', router))
    expect((await fetch(`${origin}/orders/12`)).status).toBe(401)
    expect(await (await fetch(`${origin}/orders/12`, { headers })).json()).toEqual({ id: '12', user: '7' })
  })

  test('pages keep their own policy behind helmet, and the app keeps that of helmet', async () => {
    const app = express().use(helmet() as RequestHandler)
    app.use(toExpress(create().server).routes())
    app.get('/', (_request, response) => void response.send('shop'))
    const origin = await serve(app)
    const page = (await fetch(`${origin}/login`)).headers
    expect(page.get('content-security-policy')).toMatch(/^default-src 'none'/)
    expect([page.get('x-frame-options'), page.get('referrer-policy')]).toEqual(['DENY', 'same-origin'])
    expect(page.get('strict-transport-security')).toContain('max-age=')
    const shop = (await fetch(origin)).headers
    expect(shop.get('content-security-policy')).toMatch(/^default-src 'self'/)
    expect([shop.get('x-frame-options'), shop.get('referrer-policy')]).toEqual(['SAMEORIGIN', 'no-referrer'])
  })

  test('cookies of the app stay beside those of the server', async () => {
    const app = express().use((_request, response, next) => {
      response.cookie('basket', '1')
      next()
    })
    app.use(toExpress(create().server).routes())
    const cookies = (await fetch(`${await serve(app)}/login`)).headers.getSetCookie()
    expect(cookies.map((cookie) => cookie.split('=', 1)[0])).toEqual([
      'basket',
      expect.stringContaining('Host'),
    ])
  })

  test('middleware that wraps writeHead still works', async () => {
    const app = express().use((_request, response, next) => {
      const writeHead = response.writeHead.bind(response)
      const late = (status: number, pairs?: readonly (readonly [string, string])[]): ServerResponse => {
        for (const [name, value] of pairs ?? []) response.setHeader(name, value)
        response.appendHeader('Set-Cookie', 'late=1')
        return writeHead(status)
      }
      Object.assign(response, { writeHead: late })
      next()
    })
    app.use(toExpress(create().server).routes())
    const response = await fetch(`${await serve(app)}/login`)
    expect([response.status, response.headers.get('x-frame-options')]).toEqual([200, 'DENY'])
    expect(response.headers.getSetCookie()).toContain('late=1')
    expect([...response.headers.keys()].filter((name) => name.length === 1)).toEqual([])
  })

  test('middleware can compress responses', async () => {
    const app = express().use((_request, response, next) => {
      const gzip = createGzip()
      const { writeHead, write, end } = response
      gzip.on('data', (chunk: Buffer) => write.call(response, chunk, 'utf8'))
      gzip.on('end', () => end.call(response, '', 'utf8'))
      Object.assign(response, {
        writeHead(status: number): ServerResponse {
          response.setHeader('Content-Encoding', 'gzip')
          response.removeHeader('Content-Length')
          return writeHead.call(response, status)
        },
        end: (chunk: string) => void gzip.end(chunk),
      })
      next()
    })
    app.use(toExpress(create().server).routes())
    const response = await fetch(`${await serve(app)}/login`)
    expect(await response.text()).toContain('<form')
    expect(response.headers.get('content-encoding')).toBe('gzip')
  })

  test('middleware that throws while a response is sent does not stop the server', async () => {
    const { server, errors } = create()
    const app = express().use((_request, response, next) => {
      const fail = (): never => {
        throw new Error('no session store')
      }
      Object.assign(response, { writeHead: fail, end: fail })
      next()
    })
    const origin = await serve(app.use(toExpress(server).routes()))
    for (const _again of [1, 2]) await expect(fetch(`${origin}/login`)).rejects.toThrow('fetch failed')
    expect(errors.map((line) => JSON.parse(line) as object)).toEqual(
      Array(2).fill(
        expect.objectContaining({ message: 'Response could not be sent', cause: 'Error: no session store' }),
      ),
    )
  })

  test('a response that the app has sent meanwhile stays as it is', async () => {
    const app = express().use((_request, response, next) => {
      next()
      response.status(503).send('too late')
    })
    const { server, errors } = create()
    app.use(toExpress(server).routes())
    const origin = await serve(app)
    for (const _again of [1, 2]) {
      const response = await fetch(`${origin}/login`)
      expect([response.status, await response.text()]).toEqual([503, 'too late'])
    }
    expect(errors).toEqual([])
  })
})
