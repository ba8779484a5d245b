import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { ConfigError } from '../errors.ts'
import { readBody } from '../lib/fetch.ts'
import type { HttpRequest, HttpResponse } from '../lib/http.ts'
import type { AuthorizationServer, Core } from '../server.ts'
import { CORS_HEADERS } from './cors-headers.ts'
import { fromMessage, isBodyUnread } from './node-message.ts'

/** The names by which Fastify knows a plugin that adds to the instance it is registered on (`fastify-plugin`). */
const PLUGIN = {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: 'consulate',
  [Symbol.for('plugin-meta')]: { name: 'consulate', fastify: '5.x' },
}

/** Returns the plugin that answers the server's own paths. */
export const pluginOf = ({ issuer, core, routes }: AuthorizationServer): FastifyPluginAsync =>
  Object.assign<FastifyPluginAsync<{ readonly prefix?: string }>, object>(async (app, { prefix = '' }) => {
    checkPrefix(issuer, app.prefix + prefix)
    const options = routeOptions(core)
    const paths = new Set(routes.map(({ path }) => path))
    const inside = [...paths].filter((path) => path.startsWith(`${app.prefix}/`))
    for (const path of inside) paths.delete(path)
    // In a separate scope, because of the content type parsers.
    void app.register(async (scope) => {
      readNoBodies(scope, options.handler)
      const urls = new Set(inside.map((path) => urlOf(path.slice(app.prefix.length))))
      for (const url of urls) scope.route({ ...options, url })
    })
    // The metadata of an issuer with a path is not below that path (RFC 8414 section 3.1).
    for (const path of paths) rootOf(app).route({ ...options, url: urlOf(path) })
  }, PLUGIN)

/** Fails at startup, because every URL in our responses would lack the prefix. */
function checkPrefix(issuer: string, prefix: string): void {
  const { origin, pathname } = new URL(issuer)
  if (`${pathname}/`.startsWith(`${prefix.replace(/\/$/, '')}/`)) return
  const has = pathname === '/' ? 'the issuer has no path' : `the path of the issuer is ${pathname}`
  throw new ConfigError([
    { path: 'prefix', message: `is ${prefix}, but ${has}. Set issuer to ${origin}${prefix}` },
  ])
}

/** Returns the instance without a prefix. An instance inherits from the one that it was created in. */
const rootOf = (app: FastifyInstance): FastifyInstance =>
  app.prefix === '' ? app : rootOf(Object.getPrototypeOf(app) as FastifyInstance)

/** Keeps the parsers of the app away from bodies. A content type that Fastify cannot read gets our own response. */
function readNoBodies(scope: FastifyInstance, handler: SyncHandler): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  scope.setErrorHandler<Error & { code?: string }>((error, request, reply) => {
    if (error.code !== 'FST_ERR_CTP_INVALID_MEDIA_TYPE') throw error
    handler(request, reply)
  })
}

type SyncHandler = (request: FastifyRequest, reply: FastifyReply) => void

const routeOptions = (core: Core) => ({
  method: METHODS,
  handler: (request: FastifyRequest, reply: FastifyReply): void => {
    const pending = core.handle(toHttpRequest(request))
    if (pending) void pending.then((response) => sendOwn(reply, response))
    else reply.callNotFound()
  },
  logSerializers: {
    // Queries contain codes and tokens.
    req: ({ method, url, host, ip }: FastifyRequest) => ({
      method,
      url: url.split('?', 1)[0],
      host,
      remoteAddress: ip,
    }),
  },
})

/** All that a Fastify server knows from the start. Those that an endpoint does not support get 405. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']

/**
 * An ID is a wildcard, because Fastify limits parameters to 100 characters and sends its own response. A wildcard covers the
 * rest of the path, and with it the segment after an ID.
 */
const urlOf = (path: string): string => path.replaceAll(':', '::').replace(/\{id\}.*/, '*')

/** Reads the body from what the app's `preParsing` hooks return, if that is another stream. */
function toHttpRequest(request: FastifyRequest): HttpRequest {
  const plain = fromMessage(request.raw, { originalUrl: request.originalUrl, original: request })
  const payload = request.body as IncomingMessage | undefined
  if (!payload || payload === request.raw) return plain
  return {
    ...plain,
    body: (limit) => readBody({ headers: new Headers(), body: Readable.toWeb(payload) }, limit),
  }
}

/** Middleware of Express, in `@fastify/middie`, sets headers on the raw response. */
function sendOwn(reply: FastifyReply, response: HttpResponse): void {
  for (const name of CORS_HEADERS) {
    void reply.removeHeader(name)
    reply.raw.removeHeader(name)
  }
  send(reply, response)
}

/** Sends bytes: Fastify would add a charset to the content type of a text. */
export function send(reply: FastifyReply, { status, headers, body }: HttpResponse): void {
  for (const [name, value] of Object.entries(headers)) void reply.header(name, value)
  if (isBodyUnread(reply.request.raw)) void reply.header('Connection', 'close')
  void reply.code(status).send(body === '' ? undefined : Buffer.from(body))
}
