import 'reflect-metadata'
import { Controller, Get, Module, type Type } from '@nestjs/common'
import { toNest } from '../../../src/adapters/nest.ts'
import type { AuthorizationServer } from '../../../src/index.ts'
import type { TestScope } from '../../support/config.ts'

/** Creates an app with a route for machines whose tokens are for a resource. */
export function createResourceApp(server: AuthorizationServer<TestScope>, resource: string): Type {
  const { ConsulateModule, Machine } = toNest(server)

  @Controller()
  class Api {
    @Get()
    @Machine({ resource, allOf: ['orders:read'] })
    list(): string {
      return 'tea'
    }
  }

  @Module({ imports: [ConsulateModule], controllers: [Api] })
  class App {}
  return App
}
