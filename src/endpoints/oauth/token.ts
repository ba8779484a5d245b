import { OAuthError } from '../../errors.ts'
import { decide } from '../../grants/decide.ts'
import { json, type HttpResponse } from '../../lib/http.ts'
import { readForm, requireParameter } from '../body.ts'
import { decideAndIssue } from '../decide-and-issue.ts'
import type { Exchange } from '../endpoint.ts'
import { refuseIfThrottled, authenticateClient, requireGrant } from './client-authentication.ts'

/** POST: the token endpoint (RFC 6749 section 3.2). */
export async function token(exchange: Exchange): Promise<HttpResponse> {
  const { settings } = exchange.services
  await refuseIfThrottled(exchange)
  const form = await readForm(exchange.request)
  const grantType = requireParameter(form, 'grant_type')
  const grant = settings.grants.get(grantType)
  if (!grant || !('decide' in grant)) {
    throw new OAuthError('unsupported_grant_type', 'This grant type is not supported')
  }
  const client = await authenticateClient(exchange, form)
  requireGrant(client, grantType)
  const { address, request } = exchange
  const userAgent = request.header('user-agent') ?? ''
  const tokens = await decideAndIssue(exchange, {
    clientId: client.id,
    grantType,
    decide: (context) => decide(grant, { client, form, address, userAgent }, context),
  })
  return json(200, tokens)
}
