import Koa from 'koa'
import type { Auth } from '../../../src/index.ts'
import { toKoa } from '../../../src/adapters/koa.ts'
import type { Mount } from '../../support/mount.ts'

export const mount: Mount = async (server, http) => {
  const auth = toKoa(server)
  const guards: Readonly<Record<string, Koa.Middleware>> = {
    '/me': auth.user(),
    '/orders': auth.user('orders:read'),
    '/machine': auth.machine(),
    '/machine/orders': auth.machine('orders:read'),
    '/anyone': auth.anyone({ anyOf: ['orders:read', 'orders:create'] }),
  }
  const app = new Koa()
  app.use(auth.routes())
  app.use(async (ctx, next) => void (await guards[ctx.path]?.(ctx, next)))
  app.use((ctx) => void (ctx.body = ctx.state['auth'] as Auth))
  http.on('request', app.callback())
  return async () => undefined
}
