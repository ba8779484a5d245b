import 'reflect-metadata'
import { All, Controller, Module, type Type } from '@nestjs/common'
import { toNest } from '../../../src/adapters/nest.ts'
import type { Auth, AuthorizationServer, MachineAuth, UserAuth } from '../../../src/index.ts'
import type { TestScope } from '../../support/config.ts'

/** Creates an app with the routes of `guardedApi`, and the server in its imports. */
export function createApp(server: AuthorizationServer<TestScope>): Type {
  const { ConsulateModule, Scopes, Machine, Anyone, CurrentAuth } = toNest(server)

  @Controller()
  class Api {
    @All('me')
    @Scopes()
    me(@CurrentAuth() auth: UserAuth): UserAuth {
      return auth
    }

    @All('orders')
    @Scopes('orders:read')
    orders(@CurrentAuth() auth: UserAuth): UserAuth {
      return auth
    }

    @All('machine')
    @Machine()
    machine(@CurrentAuth() auth: MachineAuth): MachineAuth {
      return auth
    }

    @All('machine/orders')
    @Machine('orders:read')
    machineOrders(@CurrentAuth() auth: MachineAuth): MachineAuth {
      return auth
    }

    @All('anyone')
    @Anyone({ anyOf: ['orders:read', 'orders:create'] })
    anyone(@CurrentAuth() auth: Auth): Auth {
      return auth
    }
  }

  @Module({ imports: [ConsulateModule], controllers: [Api] })
  class App {}
  return App
}
