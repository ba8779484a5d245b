import { OAuthError } from '../errors.ts'
import type { Exchange } from './endpoint.ts'

/**
 * Turns away an address that failed too often lately.
 *
 * @throws OAuthError `too_many_requests` with `Retry-After`
 */
export async function refuseIfThrottled({ services, address }: Exchange): Promise<void> {
  const blocked = await services.throttle.check({ address })
  if (!blocked) return
  const options = { detail: `too many failures from ${address}`, headers: blocked.headers }
  throw new OAuthError('too_many_requests', 'Too many failed requests: wait before you try again', options)
}
