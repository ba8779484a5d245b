import type { ConnectedAuthorization } from '../../clients/connections.ts'
import { OAuthError } from '../../errors.ts'
import { toSeconds } from '../../lib/clock.ts'
import { json, NO_CONTENT, type HttpResponse } from '../../lib/http.ts'
import type { Exchange } from '../endpoint.ts'
import { idIn } from '../paths.ts'
import { csrfHeaders, requireCsrf, requireSignedInUser } from './signed-in-user.ts'

const MAX_LISTED = 100

/** GET: lists what the user has allowed third-party apps, newest first: their active authorizations, at most 100. */
export async function listAppTokens(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const signedIn = await requireSignedInUser(exchange, provider)
  const list = await exchange.services.connections.listAuthorizations(signedIn.session, MAX_LISTED)
  return json(200, list.map(toWire), csrfHeaders(exchange, signedIn))
}

/** DELETE: revokes one of them with its refresh token and access tokens. Repeating it is harmless while it is stored. */
export async function revokeAppToken(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const signedIn = await requireSignedInUser(exchange, provider)
  requireCsrf(exchange, signedIn)
  const { services, requestId } = exchange
  if (await services.connections.revoke(signedIn.session, idIn(exchange), requestId)) return NO_CONTENT
  throw new OAuthError('not_found', 'The token does not exist')
}

/** Times in seconds, as everywhere on the wire. The names of the client's members are those of RFC 7591. */
const toWire = ({ authorization, client }: ConnectedAuthorization) => ({
  id: authorization.id,
  client: {
    client_id: client.id,
    client_name: client.name,
    client_uri: client.homepage,
    logo_uri: client.logo,
    policy_uri: client.privacy,
    tos_uri: client.terms,
  },
  scopes: authorization.scopes,
  created_at: toSeconds(authorization.createdAt),
  last_used_at: toSeconds(authorization.lastUsedAt),
  expires_at: toSeconds(Math.max(authorization.expiresAt, authorization.accessExpiresAt)),
})
