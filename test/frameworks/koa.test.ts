import { connect } from 'node:net'
import { toKoa } from 'consulate/koa'
import { createTestGuard } from 'consulate/testing'
import Koa, { type Middleware } from 'koa'
import { expect, test } from 'vitest'
import { createLogged, FORM, serve } from './served.ts'

const METADATA = '/.well-known/oauth-authorization-server'
const KEYS = '/.well-known/jwks.json'

/** Strips a prefix as `koa-mount` does. */
const mount =
  (prefix: string, middleware: Middleware): Middleware =>
  async (ctx, next) => {
    const { path } = ctx
    if (!path.startsWith(`${prefix}/`)) return void (await next())
    ctx.path = path.slice(prefix.length)
    await middleware(ctx, async () => {
      ctx.path = path
      await next()
    })
  }

test('below the path of the issuer, requests are answered by the path that the client sent', async () => {
  const { server, problems } = await createLogged('https://shop.example/id')
  const auth = toKoa(server)
  const app = new Koa().use(mount('/id', auth.routes())).use(auth.routes())
  const origin = await serve(app.callback())
  const paths = [`/id${KEYS}`, `${METADATA}/id`, METADATA, '/id/missing']
  const statuses = await Promise.all(paths.map(async (path) => (await fetch(origin + path)).status))
  expect([statuses, problems()]).toEqual([[200, 200, 404, 404], []])
})

test('below the path of the issuer only, the log says that the metadata is unreachable', async () => {
  const { server, problems } = await createLogged('https://shop.example/id')
  const app = new Koa().use(mount('/id', toKoa(server).routes()))
  const origin = await serve(app.callback())
  for (const _again of [1, 2]) expect((await fetch(`${origin}/id${KEYS}`)).status).toBe(200)
  expect(problems()).toEqual([
    'Mounted at /id, where no requests for the metadata arrive. Write app.use(auth.routes()) on the root app',
  ])
})

test('below a path that the issuer lacks, the log names the fix once', async () => {
  const { server, problems } = await createLogged('https://shop.example')
  const app = new Koa().use(mount('/id', toKoa(server).routes()))
  const origin = await serve(app.callback())
  for (const _again of [1, 2]) expect((await fetch(`${origin}/id${KEYS}`)).status).toBe(404)
  expect(problems()).toEqual([
    'Mounted at /id, but the issuer has no path. Set issuer to https://shop.example/id',
  ])
})

test('middleware before the server sees its response', async () => {
  const { server } = await createLogged()
  const app = new Koa()
  const seen: unknown[] = []
  app.use(async (ctx, next) => {
    await next()
    seen.push(ctx.status, typeof ctx.body)
    ctx.set('X-Length', String(ctx.length))
  })
  app.use(toKoa(server).routes())
  const response = await fetch((await serve(app.callback())) + KEYS)
  expect(seen).toEqual([200, 'string'])
  expect(response.headers.get('x-length')).toBe(response.headers.get('content-length'))
})

test('cookies of the app stay beside those of the server', async () => {
  const { server } = await createLogged()
  const app = new Koa().use((ctx, next) => {
    ctx.cookies.set('basket', '1')
    return next() as Promise<unknown>
  })
  app.use(toKoa(server).routes())
  const cookies = (await fetch(`${await serve(app.callback())}/login`)).headers.getSetCookie()
  expect(cookies.map((cookie) => cookie.split('=', 1)[0])).toEqual([
    'basket',
    expect.stringContaining('consulate_browser'),
  ])
})

test('an empty response has no content type', async () => {
  const { server } = await createLogged()
  const app = new Koa().use(toKoa(server).routes())
  const response = await fetch((await serve(app.callback())) + KEYS, { method: 'OPTIONS' })
  expect([response.status, response.headers.get('content-type')]).toEqual([204, null])
})

test('a body that is too long is refused without being read, and the connection is closed', async () => {
  const { server } = await createLogged()
  const app = new Koa().use(toKoa(server).routes())
  const socket = connect(Number(new URL(await serve(app.callback())).port), '127.0.0.1')
  const received = new Promise<string>((resolve) => {
    let text = ''
    socket.on('data', (chunk) => (text += String(chunk)))
    socket.on('close', () => resolve(text))
  })
  const head = `POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: ${FORM}\r\nContent-Length: 900000\r\n\r\n`
  socket.write(`${head}note=`)
  expect(await received).toMatch(/^HTTP\/1\.1 413 /)
})

test('an error behind a guard reaches the error event of the app', async () => {
  const guard = createTestGuard({ scopes: ['orders:read'] })
  const errors: unknown[] = []
  const app = new Koa()
  app.on('error', (error: Error) => errors.push(error.message))
  app.use(toKoa(guard).user()).use(() => {
    throw new Error('no orders today')
  })
  const origin = await serve(app.callback())
  const headers = { authorization: `Bearer ${guard.tokenFor('7')}` }
  expect([(await fetch(origin, { headers })).status, errors]).toEqual([500, ['no orders today']])
  expect([(await fetch(origin)).status, errors.length]).toEqual([401, 1])
})

test('a guard adds to the state that other middleware has set', async () => {
  const guard = createTestGuard({ scopes: ['orders:read'] })
  const app = new Koa()
  app.use((ctx, next) => {
    ctx.state['plan'] = 'free'
    return next() as Promise<unknown>
  })
  app.use(toKoa(guard).user('orders:read')).use((ctx) => {
    ctx.body = { user: ctx.state.auth.user.id, plan: ctx.state['plan'] as string }
  })
  const headers = { authorization: `Bearer ${guard.tokenFor('7', ['orders:read'])}` }
  const response = await fetch(await serve(app.callback()), { headers })
  expect(await response.json()).toEqual({ user: '7', plan: 'free' })
})
