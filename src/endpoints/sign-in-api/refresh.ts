import type { BuiltInGrantContext, Refusal } from '../../grants/grant.ts'
import { decideRefresh, type RefreshProblem } from '../../grants/refresh-token.ts'
import type { Permission } from '../../issuance/permission.ts'
import { EMPTY_FORM } from '../../lib/form.ts'
import { json, type HttpResponse } from '../../lib/http.ts'
import { SIGN_IN } from '../../model/client.ts'
import { signInClient } from '../../sign-in/client.ts'
import { readParameters, requireParameter } from '../body.ts'
import { decideAndIssue } from '../decide-and-issue.ts'
import type { Exchange } from '../endpoint.ts'
import { refuseIfThrottled } from '../oauth/client-authentication.ts'
import { invalidTokenError } from './invalid-token.ts'

/** POST: exchanges a refresh token for new tokens, by the rules of the refresh token grant. */
export async function refresh(exchange: Exchange): Promise<HttpResponse> {
  exchange.auditFields.clientId = SIGN_IN
  const token = requireParameter(await readParameters(exchange.request), 'refresh_token')
  const decide = (context: BuiltInGrantContext) => decideOrThrottle(exchange, context, token)
  return json(200, await decideAndIssue(exchange, { clientId: SIGN_IN, grantType: 'refresh_token', decide }))
}

/**
 * Decides before it looks at the throttle: a genuine token cannot be guessed, and failures of others behind the same
 * address must not sign anyone out.
 */
async function decideOrThrottle(
  exchange: Exchange,
  context: BuiltInGrantContext,
  token: string,
): Promise<Permission | Refusal> {
  const { services, address, request } = exchange
  const { settings } = services
  const toRequest = {
    client: signInClient(settings.provider, settings.signIn?.scopes ?? []),
    form: EMPTY_FORM,
    address,
    userAgent: request.header('user-agent') ?? '',
  }
  const decision = await decideRefresh(token, toRequest, context, (detail, problem) =>
    invalidTokenError(exchange, DESCRIPTIONS[problem], detail),
  )
  if (decision.kind === 'refused' && decision.isGuess) await refuseIfThrottled(exchange)
  return decision
}

const DESCRIPTIONS = {
  invalid: 'Invalid token',
  expired: 'Token expired',
  revoked: 'Token revoked',
} as const satisfies Readonly<Record<RefreshProblem, string>>
