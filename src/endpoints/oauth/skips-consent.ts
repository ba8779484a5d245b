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
  const { skipsConsent: decide, logger } = services.settings
  if (!decide) return false
  const request = { client: toClientInfo(client), user, scopes: [...scopes], resources: [...resources] }
  try {
    const answer: unknown = await withinTimeLimit(async () => decide(request))
    if (typeof answer === 'boolean') return answer
    throw new TypeError(`It returned ${typeof answer} instead of a boolean`)
  } catch (cause) {
    const fields = { requestId, clientId: client.id, cause: String(cause) }
    logger.log('error', 'skipsConsent failed, so the user is asked', fields)
    return false
  }
}

async function withinTimeLimit(work: () => Promise<unknown>): Promise<unknown> {
  const { promise: expiry, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    reject(new Error(`It did not answer within ${TIME_LIMIT / 1000} seconds`))
  }, TIME_LIMIT)
  try {
    return await Promise.race([work(), expiry])
  } finally {
    clearTimeout(timer)
  }
}
