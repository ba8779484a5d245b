/** Express 5. */
import express, { type RequestHandler } from 'express'
import { toExpress } from '../../src/adapters/express.ts'
import { listen } from '../floors/parts/http.ts'
import { SCOPE } from '../targets/parts/mint.ts'
import { ORDERS, variantsOf } from './parts/framework.ts'

const respond: RequestHandler = (_request, response) => void response.json(ORDERS)

export const variants = variantsOf(async (guarded) => {
  const app = express()
  const auth = guarded && toExpress(guarded.server)
  if (auth && guarded.isMounted) app.use(auth.routes())
  app.get('/orders', auth ? auth.user(SCOPE)(respond) : respond)
  return listen(app)
})
