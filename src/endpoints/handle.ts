import { randomUUID } from 'node:crypto'
import { OAuthError, StoreUnavailableError, type ErrorReason } from '../errors.ts'
import { json, prefersJson, type HttpResponse, type HttpRequest } from '../lib/http.ts'
import { addressOf } from '../lib/request-like.ts'
import { ViewError } from '../pages/own-view.ts'
import { setCookieHeaders } from '../sessions/cookies.ts'
import { allowedMethods, answerOptions, corsHeaders } from './cors.ts'
import type { Endpoint, Exchange, Handler } from './endpoint.ts'
import { switchLanguage } from './languages.ts'
import { builtInPage, page } from './page.ts'
import { report } from './report.ts'
import type { Services } from './services.ts'

/** Handles a request to an endpoint. `wantsProps`: for a page of the app. Never throws. */
export async function handle(
  endpoint: Endpoint,
  services: Services,
  request: HttpRequest,
  wantsProps = false,
): Promise<HttpResponse> {
  const { trustedProxies } = services.settings
  const address = addressOf(request, trustedProxies)
  const newCookies: Exchange['newCookies'] = new Map()
  const { path } = endpoint
  const exchange: Exchange = {
    request,
    services,
    path,
    address,
    newCookies,
    auditFields: {},
    viewer: { isKnown: false },
    wantsProps,
    requestId: randomUUID(),
  }
  const { observeRequest } = services.telemetry
  const observed = { endpoint, method: request.method, requestId: exchange.requestId }
  const response = await (observeRequest
    ? observeRequest(observed, () => attempt(endpoint, exchange))
    : attempt(endpoint, exchange))
  // What is not stored otherwise, such as a refusal, is in the outbox before the client learns of it.
  await services.outbox?.settled()
  // Ours come last, so that a page of the app cannot replace them.
  const headers = {
    ...response.headers,
    ...cookieHeaders(exchange, response),
    'X-Request-Id': exchange.requestId,
  }
  return { status: response.status, headers, body: response.body }
}

function cookieHeaders(exchange: Exchange, { headers }: HttpResponse): HttpResponse['headers'] {
  const { newCookies, services } = exchange
  if (newCookies.size === 0) return NONE
  const cookies = setCookieHeaders(exchange, services.settings.cookies)
  return { 'Set-Cookie': [headers['Set-Cookie'] ?? [], cookies].flat() }
}

const NONE: HttpResponse['headers'] = {}

async function attempt(endpoint: Endpoint, exchange: Exchange): Promise<HttpResponse> {
  let shared = NONE
  try {
    const { method } = exchange.request
    if (method === 'OPTIONS') return await answerOptions(endpoint, exchange)
    const switched = switchLanguage(endpoint, exchange)
    if (switched) return switched
    // Before the handler: nothing can fail after it has spent a code.
    if (endpoint.cors !== 'none') shared = await corsHeaders(endpoint, exchange)
    const response = await handlerOf(endpoint, method)(exchange)
    return endpoint.cors === 'none' ? response : withHeaders(response, shared)
  } catch (thrown) {
    return refuse(endpoint, exchange, asOAuthError(thrown), shared).catch(() => LAST_RESORT)
  }
}

const withHeaders = (response: HttpResponse, headers: HttpResponse['headers']): HttpResponse => ({
  ...response,
  headers: { ...response.headers, ...headers },
})

function handlerOf(endpoint: Endpoint, method: string): Handler {
  const { methods } = endpoint
  const handler =
    method === 'HEAD'
      ? methods.GET
      : Object.hasOwn(methods, method) && methods[method as keyof typeof methods]
  if (handler) return handler
  const headers = { Allow: allowedMethods(endpoint) }
  throw new OAuthError('invalid_request', 'This method is not allowed', { status: 405, headers })
}

/** Converts anything thrown to an error that may be sent. The cause of an unexpected one only goes to the log. */
function asOAuthError(thrown: unknown): OAuthError {
  if (thrown instanceof OAuthError) return thrown
  if (thrown instanceof ViewError) {
    const { message: detail, cause } = thrown
    return new OAuthError('server_error', 'The page cannot be shown', { detail, cause })
  }
  if (thrown instanceof StoreUnavailableError) {
    const options = { detail: thrown.message, headers: { 'Retry-After': '1' }, cause: thrown.cause }
    return new OAuthError('temporarily_unavailable', 'Try again in a moment', options)
  }
  return new OAuthError('server_error', 'An unexpected error occurred', {
    detail: String(thrown),
    cause: thrown,
  })
}

const LAST_RESORT: HttpResponse = json(
  503,
  { error: 'temporarily_unavailable', error_description: 'Try again in a moment' },
  { 'Retry-After': '1' },
)

/** What the page tells users. Everything that does not exist has the same reason. */
function reasonOf({ code, reason }: OAuthError): { readonly reason?: ErrorReason } {
  if (reason !== undefined) return { reason }
  return code === 'not_found' ? { reason: 'not_found' } : {}
}

async function refuse(
  endpoint: Endpoint,
  exchange: Exchange,
  error: OAuthError,
  shared: HttpResponse['headers'],
): Promise<HttpResponse> {
  report(exchange, error)
  const headers = { ...error.headers, ...shared }
  const { status, code, description } = error
  if (endpoint.errors === 'json' || prefersJson(exchange.request)) return json(status, error, headers)
  const { requestId } = exchange
  const props = { status, code, description, requestId, ...reasonOf(error) }
  return page(exchange, status, 'error', props, { headers }).catch((thrown: unknown) => {
    report(exchange, asOAuthError(thrown))
    return builtInPage(exchange, status, 'error', props, { headers })
  })
}
