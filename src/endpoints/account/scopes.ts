import { json, type HttpResponse } from '../../lib/http.ts'
import { describeScopes } from '../descriptions.ts'
import type { Exchange } from '../endpoint.ts'
import { csrfHeaders, findSignedInUser, loginRequired } from './signed-in-user.ts'

/** GET: lists every scope with its description, for users of any provider. */
export async function scopes(exchange: Exchange): Promise<HttpResponse> {
  const { settings } = exchange.services
  for (const provider of settings.providers) {
    const signedIn = await findSignedInUser(exchange, provider)
    if (!signedIn) continue
    const views = describeScopes([...settings.scopes.defined], settings)
    return json(200, views, csrfHeaders(exchange, signedIn))
  }
  throw loginRequired(exchange)
}
