import { randomBase64url } from '../lib/hash.ts'
import { toSeconds } from '../lib/clock.ts'
import type { JsonObject } from '../lib/json-value.ts'
import { ACCESS_TOKEN_TYPE, type AccessTokenClaims } from '../model/claims.ts'
import type { Epochs } from '../model/epochs.ts'
import { formatScope } from '../model/scope.ts'
import type { IssuanceContext } from './context.ts'

/** A signed access token. */
export interface AccessToken {
  readonly token: string
  readonly jti: string
  /** In seconds. */
  readonly expiresIn: number
  /** In milliseconds. */
  readonly expiresAt: number
}

export interface AccessTokenSubject {
  readonly sub: string
  readonly clientId: string
  readonly scopes: readonly string[]
  readonly resources: readonly string[]
  readonly epochs: Epochs
  readonly lifetime: number
  /** From the configuration. Checked: they contain none of the claims below. */
  readonly claims?: JsonObject
  /** Helps scanners to find leaked tokens. */
  readonly label?: string
  /** Undefined for a machine token. */
  readonly user?: {
    readonly provider: string
    readonly authorizationId: string
    readonly sessionId: string | null
  }
}

type AccessTokenContext = Pick<IssuanceContext, 'issuer' | 'audience' | 'keys' | 'clock'>

/** Creates and signs an access token (RFC 9068). */
export function createAccessToken(context: AccessTokenContext, subject: AccessTokenSubject): AccessToken {
  const issuedAt = toSeconds(context.clock.now())
  const expiresIn = toSeconds(subject.lifetime)
  const claims = claimsOf(context, subject, issuedAt, issuedAt + expiresIn)
  const token = context.keys.sign(ACCESS_TOKEN_TYPE, claims, subject.label)
  return { token, jti: claims.jti, expiresIn, expiresAt: claims.exp * 1000 }
}

function claimsOf(
  context: AccessTokenContext,
  subject: AccessTokenSubject,
  iat: number,
  exp: number,
): AccessTokenClaims {
  const { sub, clientId, scopes, resources, epochs, user } = subject
  return {
    ...subject.claims,
    iss: context.issuer,
    sub,
    aud: audienceOf(context, resources),
    client_id: clientId,
    scope: formatScope(scopes),
    jti: user ? `${user.authorizationId}.${randomBase64url(9)}` : randomBase64url(16),
    iat,
    exp,
    subject_type: user ? 'user' : 'client',
    epochs: [epochs.issuer, epochs.client, epochs.user],
    ...(user && { provider: user.provider, azn: user.authorizationId }),
    ...(user?.sessionId && { sid: user.sessionId }),
  }
}

function audienceOf(
  { audience }: AccessTokenContext,
  resources: readonly string[],
): AccessTokenClaims['aud'] {
  const [only = audience, ...others] = resources
  return others.length === 0 ? only : resources
}
