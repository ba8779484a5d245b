import { LRUCache } from 'lru-cache'
import type { VerifiedToken } from '../keys/jws.ts'
import type { Clock } from '../lib/clock.ts'
import { ACCESS_TOKEN_TYPE, isAccessTokenClaims, type AccessTokenClaims } from '../model/claims.ts'
import { PERSONAL_ACCESS } from '../model/client.ts'
import { coversScope, coversScopes } from '../model/scope.ts'
import { toAuth, type Auth } from './auth.ts'
import { insufficientScope, invalidToken, missingToken, unavailable, type Refusal } from './refusal.ts'
import type { Requirement } from './requirement.ts'

/** What verifies signatures: the issuer's own keys, or its published ones. */
export interface TokenVerifier {
  /**
   * Payload and key id of a token with a good signature and this `typ`; undefined otherwise. `unavailable`: its key is
   * not known, and it cannot be found out at this moment whether it should be.
   */
  verify(token: string, type: string): Promise<VerifiedToken | 'unavailable' | undefined>
  /** Whether a key that once verified a token is still trusted. */
  isTrusted(kid: string): boolean
}

/** What tells whether a token is revoked. */
export interface RevocationCheck {
  readonly version: number
  isFresh(): boolean
  sync(): Promise<void>
  hasRevokedToken(claims: AccessTokenClaims): boolean
}

/** Nothing is ever revoked. */
export const NO_REVOCATIONS: RevocationCheck = {
  version: 0,
  isFresh: () => true,
  sync: async () => {},
  hasRevokedToken: () => false,
}

/** What the check of bearer tokens needs: no store, no private key. */
export interface BearerGuardOptions {
  readonly issuer: string
  /** The audience of this API: the `aud` that its tokens must have. */
  readonly audience: string
  readonly verifier: TokenVerifier
  readonly revocations: RevocationCheck
  readonly clock: Clock
  /** How many verified tokens are remembered; about 2 kB each. */
  readonly cacheSize: number
  /** Hears of each personal access token that is let in. */
  readonly onPersonalTokenUse?: (authorizationId: string) => void
}

/** What a check comes to: at once where the token is known, since promises would cost as much as the check. */
export type CheckResult = Auth | Refusal | Promise<Auth | Refusal>

/** Tells who a request is from, by its bearer token. */
export interface BearerGuard {
  /** Checks an `Authorization` header against a requirement: who it is, or why not. Never throws for what was sent. */
  check(authorization: string | null | undefined, requirement: Requirement): CheckResult
}

interface CachedToken {
  readonly token: string
  readonly claims: AccessTokenClaims
  readonly auth: Auth
  readonly kid: string
  /** The authorization of a personal access token. */
  readonly personalId: string | undefined
  /** The version of the revocations at which it was last found alive. */
  checkedAtVersion: number
}

/** Longer than any token of ours; what is longer is not even looked at. */
const MAX_TOKEN_LENGTH = 16_384

/**
 * Makes the part that all guards share, with the server or without. A token's signature is verified once and remembered;
 * its expiry, its key and its revocation are checked on every call, in memory.
 */
export function createBearerGuard({
  issuer,
  audience,
  verifier,
  revocations,
  clock,
  cacheSize,
  onPersonalTokenUse = () => {},
}: BearerGuardOptions): BearerGuard {
  const cache = new LRUCache<string, CachedToken>({ max: cacheSize })

  async function verify(token: string): Promise<CachedToken | 'unavailable' | undefined> {
    const verified =
      token.length > MAX_TOKEN_LENGTH ? undefined : await verifier.verify(token, ACCESS_TOKEN_TYPE)
    if (verified === 'unavailable') return verified
    if (!verified || !isAccessTokenClaims(verified.payload)) return undefined
    const claims = verified.payload as unknown as AccessTokenClaims
    if (claims.iss !== issuer || claims.aud !== audience) return undefined
    const personalId = claims.client_id === PERSONAL_ACCESS ? claims.azn : undefined
    const entry = { token, claims, auth: toAuth(claims), kid: verified.kid, personalId, checkedAtVersion: -1 }
    cache.set(cacheKey(token), entry)
    return entry
  }

  function problemOf(entry: CachedToken): Refusal | undefined {
    if (entry.auth.expiresAt <= clock.now()) return invalidToken(issuer, 'Token expired')
    if (entry.checkedAtVersion === revocations.version) return undefined
    if (revocations.hasRevokedToken(entry.claims)) return invalidToken(issuer, 'Token revoked')
    entry.checkedAtVersion = revocations.version
    return undefined
  }

  function decide(entry: CachedToken, requirement: Requirement): Auth | Refusal {
    const answer = problemOf(entry) ?? checkRequirement(entry.auth, requirement, issuer)
    if (entry.personalId !== undefined && answer === entry.auth) onPersonalTokenUse(entry.personalId)
    return answer
  }

  async function checkUncached(token: string, requirement: Requirement): Promise<Auth | Refusal> {
    const entry = findCached(token) ?? (await verify(token))
    if (!entry) return invalidToken(issuer, 'Invalid token')
    if (entry === 'unavailable') return unavailable()
    if (!revocations.isFresh() && !(await trySync(revocations))) return unavailable()
    return decide(entry, requirement)
  }

  function findCached(token: string): CachedToken | undefined {
    const known = cache.get(cacheKey(token))
    return known?.token === token && verifier.isTrusted(known.kid) ? known : undefined
  }

  return {
    check(authorization, requirement) {
      const token = bearerToken(authorization)
      if (token === undefined) return missingToken(issuer)
      const known = revocations.isFresh() ? findCached(token) : undefined
      return known ? decide(known, requirement) : checkUncached(token, requirement)
    },
  }
}

/**
 * What a token is looked up by: 256 bits of its signature. To hash all of it would take as long as the rest of the check;
 * whether it is the same token is seen by comparing.
 */
const cacheKey = (token: string): string => token.slice(-43)

/** The token of a `Bearer` header (RFC 6750 section 2.1), any case; undefined where there is none of that scheme. */
function bearerToken(authorization: string | null | undefined): string | undefined {
  if (!authorization) return undefined
  if (authorization.startsWith('Bearer ')) return authorization.slice(7).trim()
  return /^bearer(?: |$)/i.test(authorization) ? authorization.slice(7).trim() : undefined
}

async function trySync(revocations: RevocationCheck): Promise<boolean> {
  return revocations.sync().then(
    () => true,
    () => false,
  )
}

/** A client's token never opens a person's route, nor the other way round; only then do scopes count. */
function checkRequirement(auth: Auth, requirement: Requirement, realm: string): Auth | Refusal {
  const { caller, allOf, anyOf, provider } = requirement
  if (caller !== 'anyone' && auth.kind !== caller) return invalidToken(realm, 'Invalid token')
  if (auth.kind === 'user' && auth.user.provider !== provider) return invalidToken(realm, 'Invalid token')
  const hasAny = anyOf.length === 0 || anyOf.some((scope) => coversScope(auth.scopes, scope))
  return hasAny && coversScopes(auth.scopes, allOf) ? auth : insufficientScope(realm, requirement)
}
