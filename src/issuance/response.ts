import type { Emission } from '../events.ts'
import { toSeconds } from '../lib/clock.ts'
import type { Authorization } from '../model/authorization.ts'
import { SIGN_IN } from '../model/client.ts'
import { formatScope } from '../model/scope.ts'
import type { AccessToken, AccessTokenDraft } from './access-token.ts'

/** A token response in JSON (RFC 6749 section 5.1). */
export interface TokenResponse {
  readonly access_token: string
  readonly token_type: 'Bearer'
  /** In seconds. */
  readonly expires_in: number
  readonly refresh_token?: string
  /** Always included, so that clients need not remember what they requested. */
  readonly scope: string
  /** In seconds. Only from the sign-in API. */
  readonly refresh_token_expires_in?: number
  /** The session of the device. Only from the sign-in API. */
  readonly session_id?: string
}

/** Returns the fields that only the sign-in API adds to a response. */
export const signInFields = (
  { clientId, sessionId, expiresAt }: Pick<Authorization, 'clientId' | 'sessionId' | 'expiresAt'>,
  now: number,
): Pick<TokenResponse, 'refresh_token_expires_in' | 'session_id'> =>
  clientId === SIGN_IN && sessionId !== null
    ? { refresh_token_expires_in: toSeconds(expiresAt - now), session_id: sessionId }
    : {}

/** The fields of a token request that events contain. */
export interface TokenRequest {
  readonly requestId: string
  readonly grantType: string
}

/** The fields of an access token that events contain. */
export interface IssuedToken {
  readonly clientId: string
  readonly sub: string
  readonly authorizationId: string | null
  readonly scopes: readonly string[]
  /** The generation of the refresh token that is issued with it. Null without one. */
  readonly refreshGeneration: number | null
}

/** Returns the event `token.issued`. */
export const tokenIssued = (
  { requestId, grantType }: TokenRequest,
  { jti, expiresAt }: AccessTokenDraft,
  { clientId, sub, authorizationId, scopes, refreshGeneration }: IssuedToken,
): Extract<Emission, readonly ['token.issued', unknown]> => [
  'token.issued',
  { requestId, grantType, clientId, sub, authorizationId, jti, scopes, expiresAt, refreshGeneration },
]

/** Returns the token response for an access token. */
export const tokenResponse = (
  { token, expiresIn }: AccessToken,
  scopes: readonly string[],
): TokenResponse => ({
  access_token: token,
  token_type: 'Bearer',
  expires_in: expiresIn,
  scope: formatScope(scopes),
})
