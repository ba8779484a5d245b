import { OAuthError } from '../../errors.ts'
import { canBeGuess } from '../../grants/grant.ts'
import { CLOCK_TOLERANCE } from '../../lib/clock.ts'
import type { Form } from '../../lib/form.ts'
import { json, type HttpResponse } from '../../lib/http.ts'
import { validityOf, type AccessTokenClaims } from '../../model/claims.ts'
import { PERSONAL_ACCESS, type Client } from '../../model/client.ts'
import type { RevocationTarget } from '../../store/revocations.ts'
import { readForm, requireParameter } from '../body.ts'
import type { Exchange } from '../endpoint.ts'
import { authenticateClient, refuseIfThrottled } from './client-authentication.ts'
import { findRefreshToken, readAccessToken, type PresentedRefreshToken } from './presented-token.ts'

/**
 * POST: revokes a token (RFC 7009). A refresh token is revoked with its authorization, an access token alone. 200 for tokens
 * that are unknown, expired or revoked already. `token_type_hint` is ignored: the two types look different.
 */
export async function revoke(exchange: Exchange): Promise<HttpResponse> {
  const form = await readForm(exchange.request)
  const token = requireParameter(form, 'token')
  const client = isAnonymous(exchange, form) ? undefined : await authenticateClient(exchange, form)
  const claims = await readAccessToken(exchange.services, token)
  if (claims?.client_id === PERSONAL_ACCESS) {
    await revokeAccessToken(exchange, claims)
  } else {
    const owner = client ?? (await authenticateClient(exchange, form))
    await (claims ? revokeOwn(exchange, claims, owner.id) : revokeRefreshToken(exchange, token, owner))
  }
  return json(200, {})
}

/** A personal access token belongs to no client. Anyone who has one may revoke it, even without a client. */
const isAnonymous = ({ request }: Exchange, form: Form): boolean =>
  request.header('authorization') === undefined &&
  ['client_id', 'client_secret'].every((name) => form.get(name) === undefined)

async function revokeOwn(exchange: Exchange, claims: AccessTokenClaims, clientId: string): Promise<void> {
  requireOwner(claims.client_id, clientId)
  await revokeAccessToken(exchange, claims)
}

async function revokeAccessToken(exchange: Exchange, claims: AccessTokenClaims): Promise<void> {
  const { services, requestId } = exchange
  const hasExpired = validityOf(claims).expiresAt + CLOCK_TOLERANCE <= services.settings.clock.now()
  if (hasExpired || services.feed.hasRevokedToken(claims)) return
  const cause = { by: 'client', reason: 'token_revoked', requestId } as const
  await services.revoker.revoke({ ...(await targetOf(exchange, claims)), sub: claims.sub }, cause)
}

/** Without a refresh token, the access token is all that the authorization consists of. */
async function targetOf(
  { services }: Exchange,
  claims: AccessTokenClaims,
): Promise<Extract<RevocationTarget, { kind: 'token' | 'authorization' }>> {
  const { azn, jti } = claims
  const authorization = azn === undefined ? undefined : await services.store.authorizations.find(azn)
  return authorization?.seedHash === null
    ? { kind: 'authorization', id: authorization.id }
    : { kind: 'token', jti, expiresAt: validityOf(claims).expiresAt }
}

/** A rotated refresh token revokes the authorization too: its client is done with it, or it was stolen. */
async function revokeRefreshToken(exchange: Exchange, token: string, client: Client): Promise<void> {
  const { services, requestId } = exchange
  const { authorization } = (await findPresented(exchange, token, client)) ?? {}
  if (!authorization) return
  requireOwner(authorization.clientId, client.id)
  if (authorization.revokedAt !== null) return
  const { id } = authorization
  const sub = services.subjectOf(authorization)
  const cause = { by: 'client', reason: 'token_revoked', requestId } as const
  await services.revoker.revoke({ kind: 'authorization', id, sub }, cause)
}

/** An imported token is slow to open, so invalid ones of public clients count, and a throttled address gets none opened. */
async function findPresented(
  exchange: Exchange,
  token: string,
  client: Client,
): Promise<PresentedRefreshToken | undefined> {
  const { services, address } = exchange
  const isGuess = canBeGuess(client) && services.grantContext.importedRefreshTokens.looksImported(token)
  if (isGuess) await refuseIfThrottled(exchange)
  const found = await findRefreshToken(services, token, client.id)
  if (isGuess && !found) await services.throttle.fail({ address })
  return found
}

/** The same error whether the token is valid, expired or revoked (RFC 7009 section 2.1). */
function requireOwner(owner: string, clientId: string): void {
  if (owner === clientId) return
  throw new OAuthError('invalid_grant', 'The token was not issued to this client', {
    detail: `the token was issued to client ${owner}`,
  })
}
