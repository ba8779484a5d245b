import { redirect, type HttpResponse } from '../../lib/http.ts'
import type { ResponseType } from '../../model/response-type.ts'
import type { Exchange } from '../endpoint.ts'
import { pathsOf } from '../paths.ts'
import { answerClient } from './answer.ts'
import type { AuthorizationRequest } from './authorization-request.ts'
import { findUnspent, type WrittenCode } from './code.ts'

type Responder = (
  exchange: Exchange,
  authorizationRequest: AuthorizationRequest,
  written: WrittenCode,
) => Promise<HttpResponse>

/** What a client gets that the person allows, by what it asked for. */
const RESPONDERS: Readonly<Record<ResponseType['name'], Responder>> = {
  code: async (exchange, authorizationRequest, { code }) =>
    answerClient(exchange, authorizationRequest, { code }),
  token: respondWithToken,
}

/** Answers a request that the person allows, by a code that was written down; begins anew where that was in vain. */
export async function respond(
  exchange: Exchange,
  authorizationRequest: AuthorizationRequest,
  written: WrittenCode | undefined,
): Promise<HttpResponse> {
  return written
    ? RESPONDERS[authorizationRequest.responseType.name](exchange, authorizationRequest, written)
    : beginAnew(exchange)
}

const beginAnew = ({ services, request }: Exchange): HttpResponse =>
  redirect(`${pathsOf(services.settings).authorize}?${request.query}`)

/**
 * The implicit answer (RFC 6749 section 4.2.2). Its code stays here and is spent at once: so one consent form begins one
 * authorization, however often and however long after it is posted, and taking the consent back ends that as well.
 */
async function respondWithToken(
  exchange: Exchange,
  authorizationRequest: AuthorizationRequest,
  { row }: WrittenCode,
): Promise<HttpResponse> {
  const { services, requestId } = exchange
  const { hash, authorizationId, provider, userId, sessionId, scopes, resources, epochs } = row
  const response = await services.issuance.issue(
    {
      kind: 'start',
      client: authorizationRequest.client,
      user: { provider, userId },
      authorizationId,
      sessionId: row.endsWithSession ? sessionId : null,
      scopes,
      resources,
      epochs,
      spends: { kind: 'code', hash },
      isRefreshable: false,
    },
    { requestId, grantType: authorizationRequest.responseType.grantType },
  )
  if (response)
    return answerClient(exchange, authorizationRequest, {
      ...response,
      expires_in: String(response.expires_in),
    })
  await findUnspent(exchange, hash)
  return beginAnew(exchange)
}
