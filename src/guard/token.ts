import { LRUCache } from 'lru-cache'
import type { VerifiedToken } from '../keys/jws.ts'
import type { Clock } from '../lib/clock.ts'
import { atMost } from '../lib/lru.ts'
import { audiencesOf, revocableTokenOf, validityOf, type AccessTokenClaims } from '../model/claims.ts'
import { PERSONAL_ACCESS } from '../model/client.ts'
import type { RevocableToken } from '../model/revocation.ts'
import { coversScope, coversScopes, type ScopeInheritance } from '../model/scope.ts'
import { toAuth, type Auth } from './auth.ts'
import { insufficientScope, invalidToken, isRefusal, unavailable, type Refusal } from './refusal.ts'
import type { Requirement } from './requirement.ts'

/** Verifies signatures, with the server's own keys or with those that the issuer publishes. */
export interface TokenVerifier {
  /**
   * Returns the payload and key ID of a token with a valid signature and this `typ`, otherwise undefined. Returns
   * `unavailable` if the key is unknown and the issuer cannot be asked for it.
   */
  verify(token: string, type: string): Promise<VerifiedToken | 'unavailable' | undefined>
  /** Returns whether a key is still trusted. Called for cached tokens. */
  isTrusted(kid: string): boolean
}

/** Knows which tokens are revoked. */
export interface RevocationCheck {
  /** Changes when a revocation is added. */
  readonly version: number
  isFresh(): boolean
  sync(): Promise<void>
  hasRevokedToken(claims: AccessTokenClaims): boolean
}

/** Asks the store about each token. For guards inside the server. */
export interface StrictCheck {
  /** Whether routes are strict unless they say otherwise. */
  readonly isDefault: boolean
  /** Rejects if the store cannot answer now. */
  isTokenRevoked(token: RevocableToken): Promise<boolean>
}

/** A check for guards that do not follow revocations. */
export const NO_REVOCATIONS: RevocationCheck = {
  version: 0,
  isFresh: () => true,
  sync: async () => {},
  hasRevokedToken: () => false,
}

/** How to recognize one kind of token, and what to call it in refusals. */
export interface TokenKind {
  /** The `typ` header. */
  readonly type: string
  /** Returns whether a payload has all claims, each of the right type. */
  hasClaims(payload: Readonly<Record<string, unknown>>): boolean
  readonly invalid: string
  readonly expired: string
  readonly early: string
  readonly revoked: string
}

export interface TokenGuardOptions {
  readonly issuer: string
  /** The audiences that tokens can have. */
  readonly audiences: readonly string[]
  /** One of these is enough for routes that name no resource. */
  readonly defaultAudiences: readonly string[]
  readonly verifier: TokenVerifier
  readonly revocations: RevocationCheck
  readonly clock: Clock
  /** The number of verified tokens to cache, at about 2 kB each. */
  readonly cacheSize: number
  /** For strict routes. */
  readonly strict?: StrictCheck
  /** How the scopes of a token are compared with those of a route. */
  readonly scopes: ScopeInheritance
  /** Called for each personal access token that is accepted. */
  readonly onPersonalTokenUse?: (authorizationId: string) => void
}

/** Synchronous for cached tokens, because a promise costs as much as the check itself. */
export type CheckResult = Auth | Refusal | Promise<Auth | Refusal>

/** Returns why a token with these claims is not accepted on this request, or undefined. */
export type ClaimCheck = (claims: AccessTokenClaims) => Refusal | undefined

/** Checks tokens of one kind. */
export interface TokenGuard {
  /**
   * Checks a token against a requirement. `accepts` is called once the token is known to be valid, before its scopes are
   * compared. Never throws because of what a client sent.
   */
  check(token: string, requirement: Requirement, accepts?: ClaimCheck): CheckResult
}

interface CachedToken {
  readonly token: string
  readonly claims: AccessTokenClaims
  readonly auth: Auth
  readonly notBefore: number
  readonly kid: string
  /** Those of the guard's audiences that the token is for. */
  readonly audiences: readonly string[]
  readonly hasDefaultAudience: boolean
  /** The authorization ID of a personal access token. */
  readonly personalId: string | undefined
  /** The version of the revocations at the last check. */
  checkedAtVersion: number
}

/** Longer than any token of ours. Longer ones are rejected unread. */
const MAX_TOKEN_LENGTH = 16_384

/**
 * Creates the part that all guards share, inside the server and outside. A token's signature and claims are verified once
 * and cached. Its validity in time, its key and its revocation are checked on every call, in memory.
 */
export function createTokenGuard(
  kind: TokenKind,
  {
    issuer,
    audiences: known,
    defaultAudiences,
    verifier,
    revocations,
    clock,
    cacheSize,
    strict,
    scopes,
    onPersonalTokenUse = () => {},
  }: TokenGuardOptions,
): TokenGuard {
  const cache = new LRUCache<string, CachedToken>(atMost(cacheSize))

  async function verify(token: string): Promise<CachedToken | 'unavailable' | undefined> {
    const verified = token.length > MAX_TOKEN_LENGTH ? undefined : await verifier.verify(token, kind.type)
    if (verified === 'unavailable') return verified
    if (!verified || !kind.hasClaims(verified.payload)) return undefined
    const claims = verified.payload as unknown as AccessTokenClaims
    const audiences = audiencesOf(claims, known)
    if (claims.iss !== issuer || audiences.length === 0) return undefined
    const hasDefaultAudience = defaultAudiences.some((audience) => audiences.includes(audience))
    const entry = toCachedToken(token, verified.kid, { claims, audiences, hasDefaultAudience }, scopes)
    cache.set(cacheKey(token), entry)
    return entry
  }

  function problemOf({ auth, notBefore }: CachedToken): string | undefined {
    const now = clock.now()
    if (auth.expiresAt <= now) return kind.expired
    return notBefore > now ? kind.early : undefined
  }

  function isRevoked(entry: CachedToken): boolean {
    if (entry.checkedAtVersion === revocations.version) return false
    if (revocations.hasRevokedToken(entry.claims)) return true
    entry.checkedAtVersion = revocations.version
    return false
  }

  function decide(entry: CachedToken, requirement: Requirement, accepts?: ClaimCheck): Auth | Refusal {
    if (!isForRoute(entry, requirement)) return invalidToken(issuer, kind.invalid, requirement)
    const problem = problemOf(entry) ?? (isRevoked(entry) ? kind.revoked : undefined)
    if (problem !== undefined) return invalidToken(issuer, problem, requirement)
    const refusal = accepts?.(entry.claims)
    return refusal ?? checkRequirement(entry.auth, requirement, issuer, scopes, kind.invalid)
  }

  function markUsed({ personalId, auth }: CachedToken, result: Auth | Refusal): Auth | Refusal {
    if (personalId !== undefined && result === auth) onPersonalTokenUse(personalId)
    return result
  }

  async function checkUncached(
    token: string,
    requirement: Requirement,
    accepts: ClaimCheck | undefined,
  ): Promise<Auth | Refusal> {
    const entry = findCached(token) ?? (await verify(token))
    if (!entry) return invalidToken(issuer, kind.invalid, requirement)
    if (entry === 'unavailable') return unavailable()
    if (isStrict(requirement)) return checkInStore(entry, requirement, accepts)
    if (!revocations.isFresh() && !(await trySync(revocations))) return unavailable()
    return markUsed(entry, decide(entry, requirement, accepts))
  }

  const isStrict = ({ isStrict: own }: Requirement): boolean => own ?? strict?.isDefault ?? false

  /** Revocations in memory count too: a restored database may lack them. */
  async function checkInStore(
    entry: CachedToken,
    requirement: Requirement,
    accepts: ClaimCheck | undefined,
  ): Promise<Auth | Refusal> {
    const result = decide(entry, requirement, accepts)
    if (isRefusal(result)) return result
    const isRevokedInStore = await strict
      ?.isTokenRevoked(revocableTokenOf(entry.claims))
      .catch(() => undefined)
    if (isRevokedInStore === undefined) return unavailable()
    return isRevokedInStore ? invalidToken(issuer, kind.revoked, requirement) : markUsed(entry, result)
  }

  function findCached(token: string): CachedToken | undefined {
    const cached = cache.get(cacheKey(token))
    return cached?.token === token && verifier.isTrusted(cached.kid) ? cached : undefined
  }

  return {
    check(token, requirement, accepts) {
      const cached = revocations.isFresh() && !isStrict(requirement) ? findCached(token) : undefined
      return cached
        ? markUsed(cached, decide(cached, requirement, accepts))
        : checkUncached(token, requirement, accepts)
    },
  }
}

const toCachedToken = (
  token: string,
  kid: string,
  { claims, ...audiences }: Pick<CachedToken, 'claims' | 'audiences' | 'hasDefaultAudience'>,
  scopes: ScopeInheritance,
): CachedToken => ({
  token,
  claims,
  ...audiences,
  auth: toAuth(claims, scopes),
  notBefore: validityOf(claims).notBefore,
  kid,
  personalId: claims.client_id === PERSONAL_ACCESS ? claims.azn : undefined,
  checkedAtVersion: -1,
})

/**
 * Returns whether a token is for the resource of a route. A token for another one must not work here (RFC 8707 section
 * 2).
 */
const isForRoute = (
  { audiences, hasDefaultAudience }: CachedToken,
  { audiences: required }: Requirement,
): boolean =>
  required === undefined ? hasDefaultAudience : required.some((audience) => audiences.includes(audience))

/**
 * The last 256 bits of the signature. Hashing the whole token would take as long as the rest of the check, so it is
 * compared with the cached one instead.
 */
const cacheKey = (token: string): string => token.slice(-43)

async function trySync(revocations: RevocationCheck): Promise<boolean> {
  return revocations.sync().then(
    () => true,
    () => false,
  )
}

/** Checks the kind of token before its scopes: the wrong kind is 401 whatever its scopes are. */
function checkRequirement(
  auth: Auth,
  requirement: Requirement,
  realm: string,
  rules: ScopeInheritance,
  invalid: string,
): Auth | Refusal {
  const { caller, allOf, anyOf, provider } = requirement
  if (caller !== 'anyone' && auth.kind !== caller) return invalidToken(realm, invalid, requirement)
  if (auth.kind === 'user' && provider !== undefined && auth.user.provider !== provider)
    return invalidToken(realm, invalid, requirement)
  const hasAny = anyOf.length === 0 || anyOf.some((scope) => coversScope(rules, auth.scopes, scope))
  return hasAny && coversScopes(rules, auth.scopes, allOf) ? auth : insufficientScope(realm, requirement)
}
