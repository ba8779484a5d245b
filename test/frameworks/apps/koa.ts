import Koa, { type Middleware } from 'koa'
import bodyParser from 'koa-bodyparser'
import { toKoa } from '../../../src/adapters/koa.ts'
import type { Mount } from '../../support/mount.ts'
import { APP_HEADERS, caught } from './app.ts'

export const mount: Mount = async (server, http) => {
  const auth = toKoa(server)
  const app = new Koa()
  app.on('error', () => undefined)
  app.use(async (ctx, next) => {
    ctx.set(APP_HEADERS)
    await next().catch((error: unknown) => {
      ctx.status = 418
      ctx.body = caught(error)
      ctx.app.emit('error', error, ctx)
    })
  })
  app.use(bodyParser({ formLimit: '1mb' }))
  app.use(auth.routes())

  const at = (path: RegExp, ...middleware: readonly Middleware[]): void => {
    app.use((ctx, next) => {
      const run = (index: number): Promise<unknown> =>
        Promise.resolve(middleware[index]?.(ctx, () => run(index + 1)))
      return path.test(ctx.path) ? run(0) : next()
    })
  }
  const idIn = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
  at(/^\/app$/, (ctx) => void (ctx.body = 'app'))
  at(/^\/orders\//, auth.user('orders:read') as Middleware, (ctx) => {
    ctx.body = { id: idIn(ctx.path), user: (ctx.state['auth'] as { user: { id: string } }).user.id }
  })
  at(/^\/fails$/, auth.user() as Middleware, () => {
    throw new Error('no orders today')
  })
  at(/^\/who$/, async (ctx) => {
    ctx.body = { id: (await auth.currentUser(ctx))?.id ?? null }
  })
  at(/^\/start\//, async (ctx) => {
    ctx.body = { id: (await auth.startSession(ctx, idIn(ctx.path))).session.id }
  })
  at(/^\/end$/, async (ctx) => {
    await auth.endSession(ctx)
    ctx.body = {}
  })
  http.on('request', app.callback())
  return async () => undefined
}
