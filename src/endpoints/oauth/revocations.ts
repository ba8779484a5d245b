import { OAuthError } from '../../errors.ts'
import type { Form } from '../../lib/form.ts'
import { json, type HttpResponse } from '../../lib/http.ts'
import { canFollowRevocations } from '../../model/client.ts'
import { toWire } from '../../revocations/wire.ts'
import type { Exchange } from '../endpoint.ts'
import { readQuery } from '../body.ts'
import { authenticateByBasic } from './client-authentication.ts'

/** How many entries an answer holds at most, and where no `limit` is named. */
const LONGEST_PAGE = 1000

/**
 * What is revoked, for the guards of other services: the entries with an id above `after` (default 0) that have not
 * expired, and the newest of all, by id ascending, at most `limit` (default and most: 1000). It is read from the store,
 * so that whoever asks is as fresh as this very answer. For confidential clients that were registered to follow it, by HTTP Basic.
 */
export async function revocations(exchange: Exchange): Promise<HttpResponse> {
  const client = await authenticateByBasic(exchange)
  if (!canFollowRevocations(client)) {
    const detail = `client ${client.id} was not registered to follow revocations`
    throw new OAuthError('unauthorized_client', 'The client may not follow revocations', {
      status: 403,
      detail,
    })
  }
  const { store, settings } = exchange.services
  const query = readQuery(exchange.request)
  const limit = Math.min(wholeNumber(query, 'limit', LONGEST_PAGE), LONGEST_PAGE)
  // One more than asked for tells whether there are more.
  const found = await store.revocations.listSince(
    wholeNumber(query, 'after', 0),
    settings.clock.now(),
    limit + 1,
  )
  return json(200, toWire({ entries: found.slice(0, limit), hasMore: found.length > limit }))
}

/** A parameter that counts; `limit` from 1, since an empty page would never end. */
function wholeNumber(query: Form, name: 'after' | 'limit', usual: number): number {
  const text = query.get(name)
  if (text === undefined) return usual
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(number) && (number > 0 || name === 'after')) return number
  throw new OAuthError('invalid_request', `The parameter ${name} must be a whole number`)
}
