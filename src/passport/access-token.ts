import { StoreUnavailableError } from '../errors.ts'
import { LRUCache } from 'lru-cache'
import type { TokenVerifier } from '../guard/token.ts'
import { unverifiedKeyId, verifyForeignJws } from '../keys/jws.ts'
import type { KeySet } from '../keys/key-set.ts'
import { toSeconds, type Clock } from '../lib/clock.ts'
import { sha256 } from '../lib/hash.ts'
import { atMost } from '../lib/lru.ts'
import type { Authorization } from '../model/authorization.ts'
import { ACCESS_TOKEN_TYPE, type AccessTokenClaims } from '../model/claims.ts'
import { PERSONAL_ACCESS } from '../model/client.ts'
import { importedClientId, importedTokenId, type ImportedToken } from '../model/imported-token.ts'
import { formatScope } from '../model/scope.ts'
import type { UserRef } from '../model/subject.ts'
import type { Store } from '../store/contract.ts'
import type { PassportSettings } from './settings.ts'

/** What the verifier of access tokens needs. */
export interface AccessTokenOptions {
  readonly keys: Pick<KeySet, 'verify' | 'isTrusted'>
  /** Undefined if there are no imported tokens. */
  readonly passport: PassportSettings | undefined
  readonly issuer: string
  readonly audience: string
  readonly clock: Clock
  readonly store: {
    readonly authorizations: Pick<Store['authorizations'], 'find'>
    readonly importedTokens: Store['importedTokens']
  }
  readonly subjectOf: (user: UserRef) => string
}

/**
 * How many tokens without a valid row are remembered, and for how long (ms). Anyone who had a token of Passport could
 * otherwise cause queries with each request. A later import may add the row.
 */
const MAX_REJECTED = 10_000
const REJECTED_LIFETIME = 10_000

/**
 * Creates the verifier of a server's own access tokens and of those that were imported from Passport. An imported one gets
 * the claims that ours have, from its row: whom it is for, and whether it is a user's. This takes one or two queries, once for
 * each token, because guards cache what is verified.
 */
export function createAccessTokens(options: AccessTokenOptions): TokenVerifier {
  const { keys, passport, clock } = options
  if (!passport) return keys
  const rejected = new LRUCache<string, number>(atMost(MAX_REJECTED))
  return {
    isTrusted: (kid) => kid === passport.kid || keys.isTrusted(kid),
    async verify(token, type) {
      if (type !== ACCESS_TOKEN_TYPE || unverifiedKeyId(token) !== undefined) return keys.verify(token, type)
      const hash = sha256(token)
      if ((rejected.get(hash) ?? 0) > clock.now()) return undefined
      const content = parseContent(verifyForeignJws(token, 'JWT', passport.publicKey))
      if (!content) return undefined
      const claims = await findClaims(content, options).catch(toUnavailable)
      if (claims === undefined) rejected.set(hash, clock.now() + REJECTED_LIFETIME)
      return claims === undefined || claims === 'unavailable'
        ? claims
        : { payload: { ...claims }, kid: passport.kid }
    },
  }
}

function toUnavailable(cause: unknown): 'unavailable' {
  if (cause instanceof StoreUnavailableError) return 'unavailable'
  throw cause
}

/** The claims of Passport's tokens that count. Times in seconds. */
interface Content {
  readonly jti: string
  readonly clientId: string
  /** Empty for the machine tokens of Passport 12. */
  readonly sub: string
  readonly scopes: readonly string[]
  readonly iat: number
  readonly nbf: number
  readonly exp: number
}

function parseContent(payload: Readonly<Record<string, unknown>> | undefined): Content | undefined {
  const { jti, aud, sub = '', scopes, iat = 0, nbf = 0, exp } = payload ?? {}
  if (typeof jti !== 'string' || typeof aud !== 'string' || typeof sub !== 'string') return undefined
  if (!Array.isArray(scopes) || !scopes.every((scope) => typeof scope === 'string')) return undefined
  if (typeof exp !== 'number' || typeof nbf !== 'number' || typeof iat !== 'number') return undefined
  // Passport writes fractions of a second.
  const times = { iat: Math.floor(iat), nbf: Math.ceil(nbf), exp: Math.floor(exp) }
  return { jti, clientId: importedClientId(aud), sub, scopes, ...times }
}

/** The row decides whether the token is a user's. A client whose ID looks like a user's never becomes that user. */
async function findClaims(
  content: Content,
  options: AccessTokenOptions,
): Promise<AccessTokenClaims | undefined> {
  const { authorizations, importedTokens } = options.store
  const id = importedTokenId(content.jti)
  const authorization = await authorizations.find(id)
  if (authorization) return userClaims(content, authorization, options)
  const token = await importedTokens.find(id)
  return token && machineClaims(content, token, options)
}

function userClaims(
  content: Content,
  authorization: Authorization,
  options: AccessTokenOptions,
): AccessTokenClaims | undefined {
  const { id, clientId, userId, provider, epochs, revokedAt } = authorization
  const isSameClient = clientId === PERSONAL_ACCESS || clientId === content.clientId
  if (revokedAt !== null || content.sub !== userId || !isSameClient) return undefined
  return {
    ...baseClaims(content, { ...authorization, expiresAt: authorization.accessExpiresAt }, options),
    sub: options.subjectOf(authorization),
    jti: `${id}.0`,
    subject_type: 'user',
    epochs: [epochs.issuer, epochs.client, epochs.user],
    provider,
    azn: id,
  }
}

function machineClaims(
  content: Content,
  token: ImportedToken,
  options: AccessTokenOptions,
): AccessTokenClaims | undefined {
  const { id, clientId, issuerEpoch, clientEpoch } = token
  const isOwn = content.sub === '' || importedClientId(content.sub) === clientId
  if (clientId !== content.clientId || !isOwn) return undefined
  return {
    ...baseClaims(content, token, options),
    sub: clientId,
    jti: id,
    subject_type: 'client',
    epochs: [issuerEpoch, clientEpoch, 0],
  }
}

/**
 * The token is valid until the earlier of its own expiration and that of the row, because a revocation is kept until the latter.
 * It has the scopes that both have.
 */
const baseClaims = (
  { scopes, iat, nbf, exp }: Content,
  row: Pick<ImportedToken, 'clientId' | 'scopes' | 'expiresAt'>,
  { issuer, audience }: AccessTokenOptions,
): Pick<AccessTokenClaims, 'iss' | 'aud' | 'client_id' | 'scope' | 'iat' | 'nbf' | 'exp'> => ({
  iss: issuer,
  aud: audience,
  client_id: row.clientId,
  scope: formatScope(scopes.filter((scope) => row.scopes.includes(scope))),
  iat,
  nbf,
  exp: Math.min(exp, toSeconds(row.expiresAt)),
})
