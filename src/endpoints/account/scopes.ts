import { json, type HttpResponse } from '../../lib/http.ts'
import { describeScopes } from '../descriptions.ts'
import type { Exchange } from '../endpoint.ts'
import { csrfHeaders, findSignedInUser, loginRequired } from './signed-in-user.ts'

/** GET: every scope with its description, for who is signed in with any provider. */
export async function scopes(exchange: Exchange): Promise<HttpResponse> {
  const { settings } = exchange.services
  for (const provider of settings.providers) {
    const visitor = await findSignedInUser(exchange, provider)
    if (!visitor) continue
    const views = describeScopes([...settings.scopes.defined], settings)
    return json(200, views, csrfHeaders(exchange, visitor))
  }
  throw loginRequired(exchange)
}
