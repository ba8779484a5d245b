import { createServer, type IncomingMessage } from 'node:http'
import { createAuthorizationServer, jsonLogger, type AuthorizationServer } from 'consulate'
import { toNode } from 'consulate/node'
import express from 'express'
import { describe, expect, onTestFinished, test } from 'vitest'
import { commonConfig, REQUIRED } from '../support/config.ts'
import { listen } from '../support/server.ts'

interface Logged {
  readonly server: AuthorizationServer
  readonly errors: () => readonly unknown[]
}

/** Creates a server that records what it logs as an error. */
function create(issuer: string): Logged {
  const lines: string[] = []
  const server = createAuthorizationServer({
    ...REQUIRED,
    ...commonConfig(),
    issuer,
    logger: jsonLogger({ level: 'error', write: (line) => void lines.push(line) }),
  })
  return { server, errors: () => lines.map((line) => (JSON.parse(line) as { message: string }).message) }
}

/** Serves an Express app. Returns the status of a path. */
async function serve(app: express.Express): Promise<(path: string) => Promise<number>> {
  const http = createServer(app)
  onTestFinished(() => void http.close())
  const origin = await listen(http)
  return async (path) => (await fetch(origin + path)).status
}

const KEYS = '/.well-known/jwks.json'

describe('as middleware of Connect', () => {
  test('routes() answers its own paths and passes every other request on', async () => {
    const { server } = create('https://shop.example')
    const app = express()
    app.use(toNode(server).routes())
    app.get('/orders', (_request, response) => void response.sendStatus(202))
    const statusOf = await serve(app)
    expect([await statusOf(KEYS), await statusOf('/orders'), await statusOf('/none')]).toEqual([
      200, 202, 404,
    ])
  })

  test('routes(() => next()) does the same', async () => {
    const { server } = create('https://shop.example')
    const app = express()
    app.use((request, response, next) => toNode(server).routes(() => next())(request, response))
    app.get('/orders', (_request, response) => void response.sendStatus(202))
    const statusOf = await serve(app)
    expect([await statusOf(KEYS), await statusOf('/orders')]).toEqual([200, 202])
  })

  test.each([
    ['routes(next)', (next: unknown) => next],
    ['app.use(auth.routes)', () => ({ url: '/' })],
  ])('%s throws a ConfigError with the fix', (_line, fallbackOf) => {
    const routes = toNode(create('https://shop.example').server).routes as (fallback: unknown) => unknown
    expect(() => routes(fallbackOf((_error?: unknown) => undefined))).toThrow('write app.use(auth.routes())')
  })
})

describe('below a prefix', () => {
  test('requests are answered by the path that the client sent', async () => {
    const { server, errors } = create('https://shop.example/id')
    const app = express()
    app.use('/id', toNode(server).routes())
    const statusOf = await serve(app)
    expect([await statusOf(`/id${KEYS}`), await statusOf(KEYS), await statusOf(`/id/id${KEYS}`)]).toEqual([
      200, 404, 404,
    ])
    expect(errors()).toEqual([])
  })

  test.each([
    [
      'https://shop.example',
      '/id',
      'Mounted at /id, but the issuer has no path. Set issuer to https://shop.example/id',
    ],
    [
      'https://shop.example/auth',
      '/id',
      'Mounted at /id, but the path of the issuer is /auth. Set issuer to https://shop.example/id',
    ],
    [
      'https://shop.example/auth',
      '/id',
      'Mounted at /id, but the path of the issuer is /auth. Set issuer to https://shop.example/id/auth',
      '/auth',
    ],
  ])(
    'of which the issuer %s knows nothing, the fix is logged once',
    async (issuer, mount, fix, rest = '') => {
      const { server, errors } = create(issuer)
      const app = express()
      app.use(mount, toNode(server).routes())
      const statusOf = await serve(app)
      expect([
        await statusOf(`${mount}${rest}${KEYS}`),
        await statusOf(`${mount}${rest}/oauth/token`),
      ]).toEqual([404, 404])
      expect(errors()).toEqual([fix])
    },
  )

  test("an app's own routes and other spellings of the prefix are not logged", async () => {
    const { server, errors } = create('https://shop.example/id')
    const app = express()
    app.use('/id', toNode(server).routes())
    app.use('/api', toNode(server).routes())
    const statusOf = await serve(app)
    expect([await statusOf(`/ID${KEYS}`), await statusOf('/api/orders'), await statusOf('/login')]).toEqual([
      404, 404, 404,
    ])
    expect(errors()).toEqual([])
  })

  test('that a proxy removed, the fix is logged once', async () => {
    const { server, errors } = create('https://shop.example/id')
    const statusOf = await serve(express().use(toNode(server).routes()))
    expect([await statusOf(KEYS), await statusOf('/oauth/authorize')]).toEqual([404, 404])
    expect(errors()).toEqual([
      `Received ${KEYS} without the issuer's path /id. Forward the full path to the server`,
    ])
  })

  test('that the app puts back, requests are answered', async () => {
    const { server, errors } = create('https://shop.example/id')
    const app = express()
    app.use((request, _response, next) => {
      request.url = `/id${request.url}`
      next()
    })
    const statusOf = await serve(app.use(toNode(server).routes()))
    expect([await statusOf(KEYS), await statusOf('/oauth/token')]).toEqual([200, 405])
    expect(errors()).toEqual([])
  })

  test('server.fetch logs the fix too', async () => {
    const { server, errors } = create('https://shop.example/id')
    expect((await server.fetch(new Request(`https://shop.example${KEYS}`))).status).toBe(404)
    expect(errors()).toHaveLength(1)
  })
})

describe('server.handles', () => {
  const { server } = create('https://shop.example/id')
  const message = (url: string, originalUrl?: string): IncomingMessage =>
    ({ url, originalUrl }) as unknown as IncomingMessage

  test.each([
    '/id/oauth/token',
    '/id/login?error=1',
    '/id/oauth/personal-access-tokens/6f1c',
    '/id/oauth/health/live',
    '/.well-known/oauth-authorization-server/id',
    'https://shop.example/id/oauth/token#top',
    new Request('https://shop.example/id/oauth/token?x=/'),
    message('/id/oauth/token'),
    message('/oauth/token', '/id/oauth/token'),
  ])('is true for an endpoint: %o', (request) => {
    expect(server.handles(request)).toBe(true)
  })

  test.each([
    '/orders',
    '/login',
    '/id',
    '/id/oauth/token/',
    '/id/oauth/token/x',
    '',
    new Request('https://shop.example/orders?at=/id/login'),
    message('/orders'),
    message('/id/login', '/api/id/login'),
    {},
  ])('is false for any other path: %o', (request) => {
    expect(server.handles(request)).toBe(false)
  })
})
