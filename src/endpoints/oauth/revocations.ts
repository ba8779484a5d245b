import { OAuthError } from '../../errors.ts'
import { EXPIRY_MARGIN } from '../../lib/clock.ts'
import type { Form } from '../../lib/form.ts'
import { json, type HttpResponse } from '../../lib/http.ts'
import { canFollowRevocations } from '../../model/client.ts'
import { toWire } from '../../revocations/wire.ts'
import type { Exchange } from '../endpoint.ts'
import { readQuery } from '../body.ts'
import { authenticateByBasic } from './client-authentication.ts'

/** The maximum number of entries in a response, and the default. */
const MAX_PAGE = 1000

/**
 * GET: returns the revocation feed, for guards in other services. Lists the entries with an id above `after` (default 0)
 * that have not expired, not even for a guard whose clock is behind, and always the newest entry, by ascending id, up to `limit` (default and maximum: 1000). Reads
 * the store, not this node's copy. For confidential clients with `followsRevocations`, by HTTP Basic.
 */
export async function revocations(exchange: Exchange): Promise<HttpResponse> {
  const client = await authenticateByBasic(exchange)
  if (!canFollowRevocations(client)) {
    const detail = `client ${client.id} is not registered to follow revocations`
    throw new OAuthError('unauthorized_client', 'The client may not follow revocations', {
      status: 403,
      detail,
    })
  }
  const { store, settings } = exchange.services
  const query = readQuery(exchange.request)
  const limit = Math.min(wholeNumber(query, 'limit', MAX_PAGE), MAX_PAGE)
  // One more than the limit, to know whether there are more.
  const found = await store.revocations.listSince(
    wholeNumber(query, 'after', 0),
    settings.clock.now() - EXPIRY_MARGIN,
    limit + 1,
  )
  return json(200, toWire({ entries: found.slice(0, limit), hasMore: found.length > limit }))
}

/** Parses a whole number. `limit` is at least 1: following the feed with empty pages would never end. */
function wholeNumber(query: Form, name: 'after' | 'limit', fallback: number): number {
  const text = query.get(name)
  if (text === undefined) return fallback
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(number) && (number > 0 || name === 'after')) return number
  throw new OAuthError('invalid_request', `The parameter ${name} must be a whole number`)
}
