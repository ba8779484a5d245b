import type { IncomingMessage, ServerResponse } from 'node:http'
import { basePathOf } from '../model/issuer.ts'
import type { AuthorizationServer } from '../server.ts'
import { createMetadataWarning } from './metadata-warning.ts'
import { answer } from './node-message.ts'

/** Middleware of Express 5 and 4. */
export type ExpressMiddleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void

/** What is used of an Express app. */
interface ParentApp {
  use(middleware: ExpressMiddleware): unknown
  on?(event: 'mount', listener: (parent: ParentApp) => void): unknown
}

/** By these members, Express recognizes an app within an app, and emits `mount` to it. */
interface MountedApp {
  readonly handle: ExpressMiddleware
  set(): void
  emit(event: string, parent: ParentApp): void
}

/** Creates `routes()` of one adapter. */
export type CreateRoutes = () => ExpressMiddleware & MountedApp

/**
 * The metadata of an issuer with a path is not below that path (RFC 8414 section 3.1), so `app.use('/id', auth.routes())`
 * alone never sees a request for it. When Express mounts the routes, they add middleware for such paths to the app, and to
 * the app that this one is mounted in. A router of Express emits no event: the fix is logged instead.
 */
export function routesOf(server: AuthorizationServer): CreateRoutes {
  const basePath = basePathOf(server.issuer)
  const warning = createMetadataWarning(server)
  const routes: ExpressMiddleware = (request, response, next) => {
    if (answer(server.core, request, response)) warning.answeredBelow(mountOf(request))
    else next()
  }
  const outside: ExpressMiddleware = (request, response, next) => {
    if (urlOf(request).startsWith(`${basePath}/`) || !answer(server.core, request, response)) next()
  }
  const mountIn = (parent: ParentApp): void => {
    warning.mounted()
    parent.use(outside)
    parent.on?.('mount', mountIn)
  }
  return () => {
    warning.mounted()
    const emit: MountedApp['emit'] = (event, parent) => {
      if (event === 'mount' && basePath !== '') mountIn(parent)
    }
    return Object.assign(routes.bind(undefined), { handle: routes, set: () => undefined, emit })
  }
}

/** The path that routers have removed. */
const mountOf = ({ baseUrl }: IncomingMessage & { readonly baseUrl?: unknown }): string =>
  typeof baseUrl === 'string' ? baseUrl : ''

/** The URL that the client sent. */
const urlOf = ({ url = '', originalUrl }: IncomingMessage & { readonly originalUrl?: unknown }): string =>
  typeof originalUrl === 'string' ? originalUrl : url
