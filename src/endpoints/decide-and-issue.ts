import { OAuthError } from '../errors.ts'
import type { BuiltInGrantContext, Refusal } from '../grants/grant.ts'
import type { Permission } from '../issuance/permission.ts'
import type { TokenResponse } from '../issuance/response.ts'
import type { Exchange } from './endpoint.ts'
import { reportFailedSignIn } from './report.ts'
import type { Services } from './services.ts'

/** A token request, and how to decide it on what is stored now. */
export interface TokenDecision {
  readonly clientId: string
  readonly grantType: string
  decide(context: BuiltInGrantContext): Promise<Permission | Refusal>
}

/** How often to decide again after losing a race, before the client must retry. */
const MAX_ATTEMPTS = 10

/** Decides and issues. If another request wins a race, decides again on what is stored now. */
export async function decideAndIssue(
  exchange: Exchange,
  { clientId, grantType, decide }: TokenDecision,
): Promise<TokenResponse> {
  const { services, requestId } = exchange
  const { grantContext } = services
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const decision = await decide(attempt === 0 ? grantContext : readingFirst(grantContext))
    if (decision.kind === 'refused') throw await applyRefusal(exchange, clientId, decision)
    const response = await services.issuance.issue(decision, { requestId, grantType })
    if (response) return response
    if (decision.kind === 'authorization' && decision.ifRevoked) throw decision.ifRevoked
  }
  const options = { detail: `lost ${MAX_ATTEMPTS} races in a row`, headers: { 'Retry-After': '1' } }
  throw new OAuthError('temporarily_unavailable', 'Try again in a moment', options)
}

/** What an update has refused must be read, to say why. */
const readingFirst = (context: BuiltInGrantContext): BuiltInGrantContext => ({
  ...context,
  providerCheckedByStore: undefined,
})

/** Applies the effects of a refusal, and returns the error for the client. */
async function applyRefusal(exchange: Exchange, clientId: string, refusal: Refusal): Promise<OAuthError> {
  const { services, address, requestId } = exchange
  const { replay, spentCode, recordedPoll, isGuess, failedSignIn, error } = refusal
  // Only the first replay writes a revocation: otherwise a spent code could be used to fill the feed.
  if (replay && (await isUnrevoked(services, replay.authorizationId))) {
    const target = { kind: 'authorization', id: replay.authorizationId } as const
    const cause = { by: 'server', reason: 'replay', requestId } as const
    await services.revoker.revoke(target, cause, () => [
      ['replay.detected', { requestId, clientId, ...replay }],
    ])
  }
  if (spentCode !== undefined) await services.store.codes.spend(spentCode, services.settings.clock.now())
  const [now, { nodeId }] = [services.settings.clock.now(), services.grantContext]
  if (
    recordedPoll !== undefined &&
    (await services.store.deviceCodes.poll(recordedPoll, { now, nodeId })) === 'slow_down'
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
