import fastify from 'fastify'
import { toFastify } from '../../../src/adapters/fastify.ts'
import type { Mount } from '../../support/mount.ts'

export const mount: Mount = async (server, http) => {
  const auth = toFastify(server)
  const app = fastify({ serverFactory: (handler) => http.on('request', handler) })
  void app.register(auth.routes())
  app.get('/me', { onRequest: auth.user() }, (request) => request.auth)
  app.get(
    '/orders',
    auth.user('orders:read')((request) => request.auth),
  )
  app.get('/machine', { onRequest: auth.machine() }, (request) => request.auth)
  app.get(
    '/machine/orders',
    auth.machine('orders:read')((request) => request.auth),
  )
  const either = auth.anyone({ anyOf: ['orders:read', 'orders:create'] })
  app.get(
    '/anyone',
    either((request) => request.auth),
  )
  await app.ready()
  return () => app.close()
}
