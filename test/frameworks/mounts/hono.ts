import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { toHono } from '../../../src/adapters/hono.ts'
import type { Mount } from '../../support/mount.ts'

export const mount: Mount = async (server, http) => {
  const auth = toHono(server)
  const app = new Hono()
  app.use(auth.routes())
  app.all('/me', auth.user(), (c) => c.json(c.var.auth))
  app.all('/orders', auth.user('orders:read'), (c) => c.json(c.var.auth))
  app.all('/machine', auth.machine(), (c) => c.json(c.var.auth))
  app.all('/machine/orders', auth.machine('orders:read'), (c) => c.json(c.var.auth))
  const either = auth.anyone({ anyOf: ['orders:read', 'orders:create'] })
  app.all('/anyone', either, (c) => c.json(c.var.auth))
  http.on('request', getRequestListener(app.fetch))
  return async () => undefined
}
