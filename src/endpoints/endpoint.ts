import type { HttpResponse, HttpRequest } from '../lib/http.ts'
import type { RouteName } from '../model/route-name.ts'
import type { Session } from '../model/session.ts'
import type { NewCookie } from '../sessions/cookies.ts'
import type { BaseUser } from '../users/provider.ts'
import type { Services } from './services.ts'

/** The client and the user of a request, as far as known. For the event if the request is refused. */
export interface AuditFields {
  clientId?: string
  sub?: string
}

/** The user who is signed in to the browser that sent a request, once they were looked up. */
export interface Viewer {
  /** The `ui_locales` of the authorization request that the page belongs to, if it is not in the query. */
  uiLocales?: string | undefined
  isKnown: boolean
  session?: Session | undefined
  /** Undefined for guests. */
  user?: BaseUser | undefined
}

/** A request being processed. */
export interface Exchange {
  readonly request: HttpRequest
  /** The path of the endpoint, for logs. An ID in it is left out: a client may have put a token there by mistake. */
  readonly path: string
  /** Also in the log, in events and in the `X-Request-Id` response header. */
  readonly requestId: string
  /** The IP address of the caller, as reported by trusted proxies. */
  readonly address: string
  /** Filled in while the request is processed. */
  readonly auditFields: AuditFields
  /** Filled in while the request is processed. */
  readonly viewer: Viewer
  /** True to answer with the props of the page as JSON, for a page of the app. */
  readonly wantsProps: boolean
  /** Cookies that the response sets, by name. */
  readonly newCookies: Map<string, NewCookie>
  readonly services: Services
}

/** Handles a request. Throws `OAuthError` to refuse it. */
export type Handler = (exchange: Exchange) => Promise<HttpResponse> | HttpResponse

/** A method that endpoints can handle. HEAD works wherever GET does, OPTIONS everywhere. */
export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/**
 * Which other origins may read responses: any (without credentials), those of public clients, those of `signIn()`, those of
 * `apiCookie` (with credentials), or none.
 */
export type CorsPolicy = 'any' | 'clients' | 'sign-in' | 'api-cookie' | 'none'

/** One path of the server. */
export interface Endpoint {
  /** The name in `consulate routes`. */
  readonly name: string
  readonly path: string
  readonly methods: { readonly [Name in Method]?: Handler }
  readonly cors: CorsPolicy
  /** How errors are sent: as JSON, or as a page unless the caller asks for JSON. */
  readonly errors: 'json' | 'page'
}

export const endpoint = (
  name: RouteName,
  path: string,
  methods: Endpoint['methods'],
  cors: CorsPolicy,
  errors: Endpoint['errors'],
): Endpoint => ({ name, path, methods, cors, errors })

/** Returns the endpoints of a feature if it is on. */
export const on = (isOn: boolean, list: () => readonly Endpoint[]): readonly Endpoint[] =>
  isOn ? list() : []
