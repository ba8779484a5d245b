import { OAuthError } from '../../errors.ts'
import { decide } from '../../grants/decide.ts'
import type { Grant, GrantRequest, Refusal } from '../../grants/grant.ts'
import type { TokenResponse } from '../../issuance/response.ts'
import { json, type HttpResponse } from '../../lib/http.ts'
import type { Exchange } from '../endpoint.ts'
import { reportFailedSignIn } from '../report.ts'
import { readForm, requireParameter } from '../body.ts'
import type { Services } from '../services.ts'
import { refuseIfThrottled, authenticateClient, requireGrant } from './client-authentication.ts'

/** How often to decide again after losing a race, before the client must retry. */
const MAX_ATTEMPTS = 10

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
  return json(200, await decideAndIssue(exchange, grant, { client, form, address, userAgent }))
}

/** Decides and issues. If another request wins a race, decides again on what is stored now. */
async function decideAndIssue(
  exchange: Exchange,
  grant: Grant,
  request: GrantRequest,
): Promise<TokenResponse> {
  const { issuance, grantContext } = exchange.services
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const decision = await decide(grant, request, grantContext)
    if (decision.kind === 'refused') throw await applyRefusal(exchange, request, decision)
    const response = await issuance.issue(decision, { requestId: exchange.requestId, grantType: grant.type })
    if (response) return response
    if (decision.kind === 'authorization' && decision.ifRevoked) throw decision.ifRevoked
  }
  const options = { detail: `lost ${MAX_ATTEMPTS} races in a row`, headers: { 'Retry-After': '1' } }
  throw new OAuthError('temporarily_unavailable', 'Try again in a moment', options)
}

/** Applies the effects of a refusal, and returns the error for the client. */
async function applyRefusal(
  exchange: Exchange,
  { client }: GrantRequest,
  refusal: Refusal,
): Promise<OAuthError> {
  const { services, address, requestId } = exchange
  const { replay, spentCode, recordedPoll, isGuess, failedSignIn, error } = refusal
  // Only the first replay writes a revocation: otherwise a spent code could be used to fill the feed.
  if (replay && (await isUnrevoked(services, replay.authorizationId))) {
    await services.revoker.revoke({ kind: 'authorization', id: replay.authorizationId }, requestId)
    services.events.emit('replay.detected', { requestId, clientId: client.id, ...replay })
  }
  if (spentCode !== undefined) await services.store.codes.spend(spentCode, services.settings.clock.now())
  const now = services.settings.clock.now()
  if (
    recordedPoll !== undefined &&
    (await services.store.deviceCodes.poll(recordedPoll, now)) === 'slow_down'
  ) {
    return new OAuthError('slow_down', 'Poll less often: wait 5 seconds longer from now on')
  }
  if (failedSignIn) reportFailedSignIn(exchange, failedSignIn.provider, failedSignIn.outcome)
  if (isGuess) await services.throttle.fail({ address })
  return error
}

async function isUnrevoked({ store }: Services, authorizationId: string): Promise<boolean> {
  return (await store.authorizations.find(authorizationId))?.revokedAt === null
}
