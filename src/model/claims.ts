import type { Epochs } from './epochs.ts'
import { findResource } from './resource.ts'
import type { RevocableToken } from './revocation.ts'

/** What the `sub` of a token names: a user, or the client itself. */
export type SubjectType = 'user' | 'client'

/** The claims of an access token (RFC 9068 section 2.2), followed by our own. Times are in seconds. */
export interface AccessTokenClaims {
  readonly iss: string
  readonly sub: string
  /** A list if the token is for several resources (RFC 8707). */
  readonly aud: string | readonly string[]
  readonly client_id: string
  readonly scope: string
  /** Starts with the authorization ID and a dot, unless it is a machine token. */
  readonly jti: string
  readonly iat: number
  readonly exp: number
  /** We never set it, but guards respect it. */
  readonly nbf?: number
  readonly subject_type: SubjectType
  /** The epochs at the time the authorization was created. A token is revoked once one of them is raised. */
  readonly epochs: readonly [issuer: number, client: number, user: number]
  /** The user provider. Missing from machine tokens. */
  readonly provider?: string
  /** The authorization ID. Missing from machine tokens. */
  readonly azn?: string
  /** The session that the token is revoked with, if any. */
  readonly sid?: string
}

/** The `typ` header of an access token (RFC 9068 section 2.1). */
export const ACCESS_TOKEN_TYPE = 'at+jwt'

/**
 * The claims of an API cookie: those of a user's access token, without an authorization. `client_id` is reserved:
 * `BROWSER_SESSION`.
 */
export interface ApiCookieClaims extends Omit<AccessTokenClaims, 'azn'> {
  readonly provider: string
  readonly sid: string
  /** SHA-256 of the CSRF token that goes with the cookie. */
  readonly csrf: string
}

/** The `typ` header of an API cookie. It differs from that of access tokens, so that neither is accepted as the other. */
export const API_COOKIE_TYPE = 'session+jwt'

export const epochsOf = ({ epochs: [issuer, client, user] }: AccessTokenClaims): Epochs => ({
  issuer,
  client,
  user,
})

export const revocableTokenOf = (claims: AccessTokenClaims): RevocableToken => ({
  id: claims.jti,
  authorizationId: claims.azn ?? null,
  sessionId: claims.sid ?? null,
  subject: claims.subject_type === 'user' ? claims.sub : null,
  clientId: claims.client_id,
  epochs: epochsOf(claims),
})

/**
 * Returns those of some audiences that a token is for. `aud` may name several (RFC 7519 section 4.1.3). Audiences that are
 * URLs are compared as URLs, like the resources they come from.
 */
export const audiencesOf = ({ aud }: AccessTokenClaims, known: readonly string[]): readonly string[] => {
  const named = typeof aud === 'string' ? [aud] : aud
  return known.filter((audience) => findResource(named, audience) !== undefined)
}

/**
 * Returns when a token is valid, in milliseconds: from `notBefore` on, and until just before `expiresAt`.
 *
 * There is no leeway: RFC 7519 allows one for clocks that differ, but it would also keep expired tokens alive. An `iat` in
 * the future is accepted, because only `nbf` says when a token becomes valid, and clocks do differ.
 */
export const validityOf = ({
  nbf = 0,
  exp,
}: AccessTokenClaims): { readonly notBefore: number; readonly expiresAt: number } => ({
  notBefore: nbf * 1000,
  expiresAt: exp * 1000,
})

/** Returns whether a payload has all claims of an access token, each of the right type. */
export const isAccessTokenClaims = (payload: Payload): boolean =>
  hasSharedClaims(payload) && hasSubject(payload)

/** Returns whether a payload has all claims of an API cookie, each of the right type. */
export const isApiCookieClaims = (payload: Payload): boolean =>
  hasSharedClaims(payload) &&
  payload['subject_type'] === 'user' &&
  payload['azn'] === undefined &&
  ['provider', 'sid', 'csrf'].every((name) => isNonEmptyString(payload[name]))

type Payload = Readonly<Record<string, unknown>>

function hasSharedClaims(payload: Payload): boolean {
  return (
    ['iss', 'sub', 'client_id', 'jti'].every((name) => isNonEmptyString(payload[name])) &&
    ['iat', 'exp'].every((name) => isNumericDate(payload[name])) &&
    (payload['nbf'] === undefined || isNumericDate(payload['nbf'])) &&
    isAudience(payload['aud']) &&
    typeof payload['scope'] === 'string' &&
    isEpochs(payload['epochs'])
  )
}

const isNonEmptyString = (value: unknown): boolean => typeof value === 'string' && value !== ''

/** The last second that a JavaScript `Date` can hold. */
const MAX_NUMERIC_DATE = 8_640_000_000_000

/** RFC 7519 section 2 allows fractions of a second. We never issue them, so a token that has them is not ours. */
const isNumericDate = (value: unknown): boolean =>
  Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= MAX_NUMERIC_DATE

const isAudience = (value: unknown): boolean =>
  Array.isArray(value) ? value.length > 0 && value.every(isNonEmptyString) : isNonEmptyString(value)

const isEpochs = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 3 && value.every((epoch) => Number.isSafeInteger(epoch))

/** A user's token has a provider and an authorization. A machine token has neither, and its subject is the client. */
function hasSubject({ subject_type, provider, azn, sid, sub, client_id }: Payload): boolean {
  if (sid !== undefined && !isNonEmptyString(sid)) return false
  if (subject_type === 'user') return isNonEmptyString(provider) && isNonEmptyString(azn)
  return subject_type === 'client' && provider === undefined && azn === undefined && sub === client_id
}
