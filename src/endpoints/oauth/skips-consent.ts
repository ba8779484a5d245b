import { withinTimeLimit } from '../../lib/async.ts'
import { toClientInfo } from '../../model/info.ts'
import type { BaseUser } from '../../users/provider.ts'
import type { Exchange } from '../endpoint.ts'
import type { AuthorizationRequest } from './authorization-request.ts'

/** How long (ms) `skipsConsent` may take. */
const TIME_LIMIT = 5000

/** Asks the configuration whether to skip consent. If that fails, the user is asked. */
export async function skipsConsent(
  { services, requestId }: Exchange,
  { client, scopes, resources }: AuthorizationRequest,
  user: BaseUser,
): Promise<boolean> {
  const { skipsConsent: decide, logger, clientFields } = services.settings
  if (!decide) return false
  const request = {
    client: toClientInfo(client, clientFields),
    user,
    scopes: [...scopes],
    resources: [...resources],
  }
  try {
    const answer: unknown = await withinTimeLimit(async () => decide(request), TIME_LIMIT, unanswered)
    if (typeof answer === 'boolean') return answer
    throw new TypeError(`It returned ${typeof answer} instead of a boolean`)
  } catch (cause) {
    const fields = { requestId, clientId: client.id, cause: String(cause) }
    logger.log('error', 'skipsConsent failed, so the user is asked', fields)
    return false
  }
}

const unanswered = (): Error => new Error(`It did not answer within ${TIME_LIMIT / 1000} seconds`)
