import { json, type HttpResponse } from '../../lib/http.ts'
import { describeScopes } from '../descriptions.ts'
import { languagesOf } from '../languages.ts'
import type { ScopeView } from '../../pages/props.ts'
import type { Exchange } from '../endpoint.ts'
import { csrfHeaders, findSignedInUser, loginRequired } from './signed-in-user.ts'

/** GET: lists every scope with its description in the language of the request, for users of any provider. */
export async function scopes(exchange: Exchange): Promise<HttpResponse> {
  const { settings } = exchange.services
  for (const provider of settings.providers) {
    const signedIn = await findSignedInUser(exchange, provider)
    if (!signedIn) continue
    const views = describeScopes([...settings.scopes.defined], settings, languagesOf(exchange))
    return json(200, views.map(toWire), { ...csrfHeaders(exchange, signedIn), ...contentLanguage(views) })
  }
  throw loginRequired(exchange)
}

const toWire = ({ id, description }: ScopeView) => ({ id, description })

/** Names the languages of the descriptions (RFC 9110 section 8.5), if the configuration does. */
function contentLanguage(views: readonly ScopeView[]): HttpResponse['headers'] {
  const languages = new Set(views.flatMap(({ lang }) => lang ?? []))
  return languages.size === 0 ? {} : { 'Content-Language': [...languages].join(', ') }
}
