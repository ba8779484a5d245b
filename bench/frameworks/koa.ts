/** Koa 3, with the route as its last middleware. */
import Koa from 'koa'
import { toKoa } from '../../src/adapters/koa.ts'
import { listen } from '../floors/parts/http.ts'
import { SCOPE } from '../targets/parts/mint.ts'
import { ORDERS, variantsOf } from './parts/framework.ts'

export const variants = variantsOf(async (guarded) => {
  const app = new Koa()
  const auth = guarded && toKoa(guarded.server)
  if (auth && guarded.isMounted) app.use(auth.routes())
  if (auth) app.use(auth.user(SCOPE))
  app.use((ctx) => {
    ctx.body = ORDERS
  })
  const respond = app.callback()
  return listen((request, response) => void respond(request, response))
})
