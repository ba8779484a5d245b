import { randomBase64url } from '../lib/hash.ts'
import { toSeconds } from '../lib/clock.ts'
import type { JsonObject } from '../lib/json-value.ts'
import { ACCESS_TOKEN_TYPE, type AccessTokenClaims } from '../model/claims.ts'
import type { Epochs } from '../model/epochs.ts'
import { formatScope } from '../model/scope.ts'
import type { IssuanceContext } from './context.ts'

/** An access token that is about to be signed. Its times are set before its authorization is written, which can take a while. */
export interface AccessTokenDraft {
  readonly jti: string
  /** In seconds. */
  readonly issuedAt: number
  /** In seconds. */
  readonly expiresIn: number
  /** In milliseconds. */
  readonly expiresAt: number
}

/** A signed access token. */
export interface AccessToken extends AccessTokenDraft {
  readonly token: string
}

export interface AccessTokenSubject {
  readonly sub: string
  readonly clientId: string
  readonly scopes: readonly string[]
  readonly resources: readonly string[]
  readonly epochs: Epochs
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
export const createAccessToken = (
  context: AccessTokenContext,
  subject: AccessTokenSubject & { readonly lifetime: number },
): AccessToken =>
  signAccessToken(
    context,
    draftAccessToken(context.clock.now(), subject.lifetime, subject.user?.authorizationId),
    subject,
  )

/** Sets the ID and the times of an access token that is issued at `now`. Without an authorization, it is a machine token. */
export function draftAccessToken(now: number, lifetime: number, authorizationId?: string): AccessTokenDraft {
  const [issuedAt, expiresIn] = [toSeconds(now), toSeconds(lifetime)]
  const jti = authorizationId ? `${authorizationId}.${randomBase64url(9)}` : randomBase64url(16)
  return { jti, issuedAt, expiresIn, expiresAt: (issuedAt + expiresIn) * 1000 }
}

/** Signs a drafted access token. */
export function signAccessToken(
  context: Omit<AccessTokenContext, 'clock'>,
  draft: AccessTokenDraft,
  subject: AccessTokenSubject,
): AccessToken {
  const token = context.keys.sign(ACCESS_TOKEN_TYPE, claimsOf(context, subject, draft), subject.label)
  return { ...draft, token }
}

function claimsOf(
  context: Pick<AccessTokenContext, 'issuer' | 'audience'>,
  subject: AccessTokenSubject,
  { jti, issuedAt, expiresIn }: AccessTokenDraft,
): AccessTokenClaims {
  const { sub, clientId, scopes, resources, epochs, user } = subject
  return {
    ...subject.claims,
    iss: context.issuer,
    sub,
    aud: audienceOf(context, resources),
    client_id: clientId,
    scope: formatScope(scopes),
    jti,
    iat: issuedAt,
    exp: issuedAt + expiresIn,
    subject_type: user ? 'user' : 'client',
    epochs: [epochs.issuer, epochs.client, epochs.user],
    ...(user && { provider: user.provider, azn: user.authorizationId }),
    ...(user?.sessionId && { sid: user.sessionId }),
  }
}

function audienceOf(
  { audience }: Pick<AccessTokenContext, 'audience'>,
  resources: readonly string[],
): AccessTokenClaims['aud'] {
  const [only = audience, ...others] = resources
  return others.length === 0 ? only : resources
}
