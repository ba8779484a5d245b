import type { IncomingMessage, ServerResponse } from 'node:http'
import { Inject, type DynamicModule } from '@nestjs/common'
import { HttpAdapterHost } from '@nestjs/core'
import type { AuthorizationServer, Core } from '../server.ts'
import { answer } from './node-message.ts'

/** Injects the server: `@Inject(AUTHORIZATION_SERVER)`. Every module can, because `ConsulateModule` is global. */
export const AUTHORIZATION_SERVER: unique symbol = Symbol.for('consulate.server')

/** Middleware for `app.use()` and for `consumer.apply()`, on both platforms. */
export type NestRoutes = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void

export const routesOf =
  (core: Core): NestRoutes =>
  (request, response, next) => {
    if (!answer(core, request, response)) next()
  }

/** Returns the module that answers the server's own paths. Nest needs a class for it. */
export function moduleOf(server: AuthorizationServer, routes: NestRoutes): DynamicModule {
  class ConsulateModule {
    readonly #host: HttpAdapterHost
    #isMounted = false
    constructor(host: HttpAdapterHost) {
      this.#host = host
      host.init$.subscribe(() => mountBeforeParsers(host.httpAdapter, () => this.configure()))
    }
    /** Called when the app starts. `consumer.apply()` would add the global prefix to the paths. */
    configure(): void {
      if (!this.#isMounted) this.#host.httpAdapter.use(routes)
      this.#isMounted = true
    }
  }
  Inject(HttpAdapterHost)(ConsulateModule, undefined, 0)
  const provider = { provide: AUTHORIZATION_SERVER, useValue: server }
  return { module: ConsulateModule, global: true, providers: [provider], exports: [provider] }
}

/** Nest parses bodies after the middleware of `main.ts` and before that of modules, and sends its own errors. */
function mountBeforeParsers(adapter: HttpAdapterHost['httpAdapter'], mount: () => void): void {
  const register = adapter.registerParserMiddleware.bind(adapter)
  Object.assign(adapter, {
    registerParserMiddleware(...options: Parameters<typeof register>): unknown {
      mount()
      return register(...options) as unknown
    },
  })
}
