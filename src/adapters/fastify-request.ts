import type { IncomingHttpHeaders } from 'node:http'

/** The part of a request that all types of Fastify servers have. */
export interface AnyFastifyRequest {
  readonly raw: { readonly headers: IncomingHttpHeaders }
  readonly headers: IncomingHttpHeaders
  readonly socket: { readonly remoteAddress?: string | undefined }
}

/** The part of a reply that all types of Fastify servers have. */
export interface AnyFastifyReply {
  header(name: string, value: string): unknown
}
