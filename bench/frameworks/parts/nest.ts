import 'reflect-metadata'
import { Controller, Get, Module, type INestApplication, type Type } from '@nestjs/common'
import { toNest } from '../../../src/adapters/nest.ts'
import { SCOPE } from '../../targets/parts/mint.ts'
import { ORDERS, type Guarded, type Serve } from './framework.ts'
import { portOf } from './port.ts'

/** Serves a controller on a platform of Nest. */
export const serveWith =
  (create: (app: Type) => Promise<INestApplication>): Serve =>
  async (guarded) => {
    const app = await create(appOf(guarded))
    await app.listen(0, '127.0.0.1')
    const server = app.getHttpServer() as Parameters<typeof portOf>[0]
    return { port: portOf(server), stop: () => app.close() }
  }

/** Calls the decorators, because Node runs this file without compiling it. */
function appOf(guarded: Guarded | undefined): Type {
  class Orders {
    list(): unknown {
      return ORDERS
    }
  }
  const nest = guarded && toNest(guarded.server)
  const decorators = [Get(), ...(nest ? [nest.Scopes(SCOPE)] : [])]
  const method = Object.getOwnPropertyDescriptor(Orders.prototype, 'list')
  for (const decorate of decorators) decorate(Orders.prototype, 'list', method ?? {})
  Controller('orders')(Orders)
  class App {}
  Module({ controllers: [Orders], imports: nest && guarded.isMounted ? [nest.ConsulateModule] : [] })(App)
  return App
}
