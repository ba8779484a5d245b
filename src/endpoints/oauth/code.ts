import { OAuthError } from '../../errors.ts'
import { hmac, randomId, sha256 } from '../../lib/hash.ts'
import type { AuthorizationCode } from '../../model/code.ts'
import type { Session } from '../../model/session.ts'
import type { Exchange } from '../endpoint.ts'
import type { AuthorizationRequest } from './authorization-request.ts'

/** A code and its row. */
export interface CreatedCode {
  readonly code: string
  readonly row: AuthorizationCode
}

/**
 * Inserts a code. It is derived from the nonce, 256 random bits: the same nonce gives the same code, as long as it is not
 * spent. Returns undefined if the client, the user or the session was revoked in the meantime.
 *
 * @throws OAuthError `invalid_request` if the code of this nonce is spent or voided
 */
export async function createCode(
  exchange: Exchange,
  authorizationRequest: AuthorizationRequest,
  session: Session,
  nonce: string,
): Promise<CreatedCode | undefined> {
  const { store, derived, clients, feed, subjectOf } = exchange.services
  const code = hmac(derived.key('code'), nonce)
  const row = newCode(exchange, authorizationRequest, session, sha256(code))
  const outcome = await store.codes.insert(row, subjectOf(session))
  if (outcome === 'inserted') return { code, row }
  if (outcome === 'exists') return { code, row: await findUnspent(exchange, row.hash) }
  clients.forget(authorizationRequest.client.id)
  await feed.sync()
  return undefined
}

/**
 * Returns the row of a code.
 *
 * @throws OAuthError `invalid_request` if it is spent or voided
 */
export async function findUnspent({ services }: Exchange, hash: string): Promise<AuthorizationCode> {
  const row = await services.store.codes.find(hash)
  if (row?.spentAt === null && row.voidedAt === null) return row
  throw new OAuthError('invalid_request', 'This form was already submitted', { reason: 'submitted_form' })
}

function newCode(
  { services }: Exchange,
  { client, redirectUri, isRedirectUriNamed, scopes, resources, codeChallenge }: AuthorizationRequest,
  session: Session,
  hash: string,
): AuthorizationCode {
  const { clock, codeLifetime } = services.settings
  const now = clock.now()
  return {
    hash,
    authorizationId: randomId(),
    clientId: client.id,
    provider: session.provider,
    userId: session.userId,
    sessionId: session.id,
    endsWithSession: client.endsWithSession,
    redirectUri,
    isRedirectUriRequired: isRedirectUriNamed,
    scopes,
    resources,
    codeChallenge,
    epochs: { issuer: session.issuerEpoch, client: client.epoch, user: session.userEpoch },
    createdAt: now,
    expiresAt: now + codeLifetime,
    spentAt: null,
    voidedAt: null,
  }
}
