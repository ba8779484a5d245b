import fastify from 'fastify'
import { toFastify } from '../../../src/adapters/fastify.ts'
import type { Mount } from '../../support/mount.ts'

export const mount: Mount = async (server, http) => {
  const auth = toFastify(server)
  const app = fastify({ serverFactory: (handler) => http.on('request', handler) })
  void app.register(auth.routes())
  app.all('/me', { onRequest: auth.user() }, (request) => request.auth)
  app.all(
    '/orders',
    auth.user('orders:read')((request) => request.auth),
  )
  app.all('/machine', { onRequest: auth.machine() }, (request) => request.auth)
  app.all(
    '/machine/orders',
    auth.machine('orders:read')((request) => request.auth),
  )
  const either = auth.anyone({ anyOf: ['orders:read', 'orders:create'] })
  app.all(
    '/anyone',
    either((request) => request.auth),
  )
  await app.ready()
  return () => app.close()
}
