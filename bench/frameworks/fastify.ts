/** Fastify 5, without its logger, which is the default. */
import fastify from 'fastify'
import { toFastify } from '../../src/adapters/fastify.ts'
import { SCOPE } from '../targets/parts/mint.ts'
import { portOf } from './parts/port.ts'
import { ORDERS, variantsOf } from './parts/framework.ts'

export const variants = variantsOf(async (guarded) => {
  const app = fastify()
  const auth = guarded && toFastify(guarded.server)
  if (auth && guarded.isMounted) void app.register(auth.routes())
  if (auth) app.get('/orders', { onRequest: auth.user(SCOPE) }, () => ORDERS)
  else app.get('/orders', () => ORDERS)
  await app.listen({ port: 0, host: '127.0.0.1' })
  return { port: portOf(app.server), stop: () => app.close() }
})
