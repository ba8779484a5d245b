import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { toHono } from '../../../src/adapters/hono.ts'
import type { Mount } from '../../support/mount.ts'
import { APP_HEADERS, caught } from './app.ts'

export const mount: Mount = async (server, http) => {
  const auth = toHono(server)
  const app = new Hono()
  app.use(async (c, next) => {
    for (const [name, value] of Object.entries(APP_HEADERS)) c.res.headers.set(name, value)
    const isJson = c.req.header('content-type') === 'application/json'
    await (isJson ? c.req.text() : c.req.parseBody())
    await next()
  })
  app.onError((error, c) => c.json(caught(error), 418))
  app.use(auth.routes())

  app.get('/app', (c) => c.text('app'))
  app.get('/orders/:id', auth.user('orders:read'), (c) =>
    c.json({ id: c.req.param('id'), user: c.var.auth.user.id }),
  )
  app.get('/fails', auth.user(), () => {
    throw new Error('no orders today')
  })
  app.get('/who', async (c) => c.json({ id: (await auth.currentUser(c))?.id ?? null }))
  app.post('/start/:id', async (c) => {
    const { session } = await auth.startSession(c, c.req.param('id'))
    return c.json({ id: session.id })
  })
  app.post('/end', async (c) => {
    await auth.endSession(c)
    return c.json({})
  })
  http.on('request', getRequestListener(app.fetch))
  return async () => undefined
}
