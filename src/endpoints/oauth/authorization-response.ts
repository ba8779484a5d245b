import type { OAuthError } from '../../errors.ts'
import { redirect, type HttpResponse } from '../../lib/http.ts'
import { withResponse } from '../../model/redirect-uri.ts'
import type { ResponseType } from '../../model/response-type.ts'
import type { Exchange } from '../endpoint.ts'
import { pathsOf } from '../paths.ts'
import { report } from '../report.ts'
import type { AuthorizationRequest, ResponseTarget } from './authorization-request.ts'
import { findUnspent, type CreatedCode } from './code.ts'

/** Redirects the browser to the client (RFC 6749 sections 4.1.2 and 4.2.2). `iss` prevents mix-up attacks (RFC 9207). */
function redirectToClient(
  { services }: Exchange,
  { redirectUri, responseMode, state }: ResponseTarget,
  parameters: Readonly<Record<string, string>>,
): HttpResponse {
  const response = { ...parameters, state, iss: services.settings.issuer }
  return redirect(withResponse(redirectUri, response, responseMode))
}

/** Logs an error and redirects the browser to the client with it (RFC 6749 sections 4.1.2.1 and 4.2.2.1). */
export function redirectWithError(
  exchange: Exchange,
  target: ResponseTarget,
  error: OAuthError,
): HttpResponse {
  report(exchange, error)
  const { code, description } = error
  return redirectToClient(exchange, target, { error: code, error_description: description })
}

type Responder = (
  exchange: Exchange,
  authorizationRequest: AuthorizationRequest,
  created: CreatedCode,
) => Promise<HttpResponse>

const RESPONDERS: Readonly<Record<ResponseType['name'], Responder>> = {
  code: async (exchange, authorizationRequest, { code }) =>
    redirectToClient(exchange, authorizationRequest, { code }),
  token: respondWithToken,
}

/** Sends the client what it asked for. Starts the request again if no code could be created. */
export async function respond(
  exchange: Exchange,
  authorizationRequest: AuthorizationRequest,
  created: CreatedCode | undefined,
): Promise<HttpResponse> {
  return created
    ? RESPONDERS[authorizationRequest.responseType.name](exchange, authorizationRequest, created)
    : restart(exchange)
}

const restart = ({ services, request }: Exchange): HttpResponse =>
  redirect(`${pathsOf(services.settings).authorize}?${request.query}`)

/**
 * The implicit response (RFC 6749 section 4.2.2). It spends a code that never leaves the server, so that one consent
 * form creates one authorization however often it is posted, and revoking the consent revokes that authorization too.
 */
async function respondWithToken(
  exchange: Exchange,
  authorizationRequest: AuthorizationRequest,
  { row }: CreatedCode,
): Promise<HttpResponse> {
  const { services, requestId } = exchange
  const { hash, authorizationId, provider, userId, sessionId, scopes, resources, epochs } = row
  const response = await services.issuance.issue(
    {
      kind: 'authorization',
      client: authorizationRequest.client,
      user: { provider, userId },
      authorizationId,
      sessionId: row.endsWithSession ? sessionId : null,
      scopes,
      resources,
      epochs,
      redeems: { kind: 'code', hash },
      hasRefreshToken: false,
    },
    { requestId, grantType: authorizationRequest.responseType.grantType },
  )
  if (response) {
    const parameters = Object.entries(response).map(([name, value]) => [name, String(value)] as const)
    return redirectToClient(exchange, authorizationRequest, Object.fromEntries(parameters))
  }
  await findUnspent(exchange, hash)
  return restart(exchange)
}
