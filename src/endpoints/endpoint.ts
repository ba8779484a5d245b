import type { HttpResponse, HttpRequest } from '../lib/http.ts'
import type { NewCookie } from '../sessions/cookies.ts'
import type { Services } from './services.ts'

/** Whom a request has turned out to be about, as far as it got: for the log, should it be refused. */
export interface AuditFields {
  clientId?: string
  sub?: string
}

/** A request on its way through the server. */
export interface Exchange {
  readonly request: HttpRequest
  /** In the log, in events and in the `X-Request-Id` of the answer. */
  readonly requestId: string
  /** Where the request came from, as far as trusted proxies tell. */
  readonly address: string
  /** Filled in on the way. */
  readonly auditFields: AuditFields
  /** Cookies that the response sets, by name. */
  readonly newCookies: Map<string, NewCookie>
  readonly services: Services
}

/** Answers a request; throws `OAuthError` where it is refused. */
export type Handler = (exchange: Exchange) => Promise<HttpResponse> | HttpResponse

/** A method that endpoints answer to. HEAD is answered wherever GET is, OPTIONS everywhere. */
export type Method = 'GET' | 'POST' | 'DELETE'

/** Which other origins may read the answers: everybody (no credentials), origins of public clients, nobody. */
export type CorsPolicy = 'any' | 'clients' | 'none'

/** One path of the server. */
export interface Endpoint {
  /** Its name in the metadata and in `consulate routes`. */
  readonly name: string
  readonly path: string
  readonly methods: { readonly [Name in Method]?: Handler }
  readonly cors: CorsPolicy
  /** How errors are shown: to programs, or as a page unless JSON is asked for. */
  readonly errors: 'json' | 'page'
}
