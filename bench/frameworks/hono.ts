/** Hono 4 on `@hono/node-server`. */
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { toHono } from '../../src/adapters/hono.ts'
import { listen } from '../floors/parts/http.ts'
import { SCOPE } from '../targets/parts/mint.ts'
import { ORDERS, variantsOf } from './parts/framework.ts'

export const variants = variantsOf(async (guarded) => {
  const app = new Hono()
  const auth = guarded && toHono(guarded.server)
  if (auth && guarded.isMounted) app.use(auth.routes())
  if (auth) app.get('/orders', auth.user(SCOPE), (c) => c.json(ORDERS))
  else app.get('/orders', (c) => c.json(ORDERS))
  const respond = getRequestListener(app.fetch)
  return listen((request, response) => void respond(request, response))
})
