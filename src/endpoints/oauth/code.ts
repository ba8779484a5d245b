import { OAuthError } from '../../errors.ts'
import { hmac, randomText, sha256 } from '../../lib/hash.ts'
import { redirect, type Answer } from '../../lib/http.ts'
import type { AuthorizationCode } from '../../model/code.ts'
import type { Session } from '../../model/session.ts'
import type { Exchange } from '../endpoint.ts'
import { pathsOf } from '../paths.ts'
import { answerCode } from './answer.ts'
import type { AuthorizationRequest } from './authorization-request.ts'

/**
 * Gives the client a code. The code is derived from the nonce, 256 random bits: the same nonce gives the same code, as
 * long as nobody has spent it.
 *
 * @throws OAuthError `invalid_request` where the code of this nonce was spent
 */
export async function giveCode(
  exchange: Exchange,
  request: AuthorizationRequest,
  session: Session,
  nonce: string,
): Promise<Answer> {
  const { store, derived, clients, feed, subjectOf } = exchange.services
  const code = hmac(derived.key('code'), nonce)
  const row = newCode(exchange, request, session, sha256(code))
  const outcome = await store.codes.insert(row, subjectOf(session))
  if (outcome === 'dead') {
    // What the code would hang on was revoked meanwhile: look again, knowing it.
    clients.forget(request.client.id)
    await feed.sync()
    return redirect(`${pathsOf(exchange.services.settings).authorize}?${exchange.incoming.query}`)
  }
  if (outcome === 'exists' && (await isSpent(exchange, row.hash))) {
    throw new OAuthError('invalid_request', 'This form was already answered: go back to the application')
  }
  return answerCode(exchange, request, code)
}

async function isSpent({ services }: Exchange, hash: string): Promise<boolean> {
  const code = await services.store.codes.find(hash)
  return !code || code.spentAt !== null
}

function newCode(
  { services }: Exchange,
  { client, redirectUri, isRedirectUriNamed, scopes, resource, codeChallenge }: AuthorizationRequest,
  session: Session,
  hash: string,
): AuthorizationCode {
  const { clock, codeLifetime } = services.settings
  const now = clock.now()
  return {
    hash,
    authorizationId: randomText(16),
    clientId: client.id,
    provider: session.provider,
    userId: session.userId,
    sessionId: session.id,
    endsWithSession: client.endsWithSession,
    redirectUri,
    isRedirectUriRequired: isRedirectUriNamed,
    scopes,
    resource,
    codeChallenge,
    epochs: { issuer: session.issuerEpoch, client: client.epoch, user: session.userEpoch },
    createdAt: now,
    expiresAt: now + codeLifetime,
    spentAt: null,
    voidedAt: null,
  }
}
