import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { toHono } from '../../../src/adapters/hono.ts'
import type { Mount } from '../../support/mount.ts'

export const mount: Mount = async (server, http) => {
  const auth = toHono(server)
  const app = new Hono()
  app.use(auth.routes())
  app.get('/me', auth.user(), (c) => c.json(c.var.auth))
  app.get('/orders', auth.user('orders:read'), (c) => c.json(c.var.auth))
  app.get('/machine', auth.machine(), (c) => c.json(c.var.auth))
  app.get('/machine/orders', auth.machine('orders:read'), (c) => c.json(c.var.auth))
  const either = auth.anyone({ anyOf: ['orders:read', 'orders:create'] })
  app.get('/anyone', either, (c) => c.json(c.var.auth))
  http.on('request', getRequestListener(app.fetch))
  return async () => undefined
}
