import fastify from 'fastify'
import { toFastify } from '../../../src/adapters/fastify.ts'
import type { Mount } from '../../support/mount.ts'
import { APP_HEADERS, caught } from './app.ts'

/** An app with a parser like that of `@fastify/formbody`. */
export const mount: Mount = async (server, http) => {
  const auth = toFastify(server)
  const app = fastify({ serverFactory: (handler) => http.on('request', handler) })
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  )
  app.addHook('onRequest', async (_request, reply) => void reply.headers(APP_HEADERS))
  app.setErrorHandler((error, _request, reply) => reply.code(418).send(caught(error)))
  await app.register(auth.routes())

  app.get('/app', () => 'app')
  app.get<{ Params: { id: string } }>(
    '/orders/:id',
    auth.user('orders:read')(({ params, auth: { user } }) => ({ id: params.id, user: user.id })),
  )
  app.get('/fails', { onRequest: auth.user() }, () => {
    throw new Error('no orders today')
  })
  app.get('/who', async (request, reply) => ({ id: (await auth.currentUser(request, reply))?.id ?? null }))
  app.post<{ Params: { id: string } }>('/start/:id', async (request, reply) => {
    const { session } = await auth.startSession(request, reply, request.params.id)
    return { id: session.id }
  })
  app.post('/end', async (request, reply) => {
    await auth.endSession(request, reply)
    return {}
  })
  await app.ready()
  return () => app.close()
}
