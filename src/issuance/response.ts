import { formatScope } from '../model/scope.ts'
import type { AccessToken } from './access-token.ts'
import type { IssuanceContext } from './context.ts'

/** A token response (RFC 6749 section 5.1), as it goes over the wire. */
export interface TokenResponse {
  readonly access_token: string
  readonly token_type: 'Bearer'
  /** Seconds. */
  readonly expires_in: number
  readonly refresh_token?: string
  /** Always there, so that nobody has to remember what was asked for. */
  readonly scope: string
}

/** The request that tokens are made for, as far as events are concerned. */
export interface TokenRequest {
  readonly requestId: string
  readonly grantType: string
}

/** Whose token it is, as far as events are concerned. */
export interface TokenOwner {
  readonly clientId: string
  readonly sub: string
  readonly authorizationId: string | null
}

/** Tells that an access token was made, and answers with it. */
export function emitIssued(
  { events }: IssuanceContext,
  { requestId, grantType }: TokenRequest,
  { token, jti, expiresIn, expiresAt }: AccessToken,
  scopes: readonly string[],
  { clientId, sub, authorizationId }: TokenOwner,
): TokenResponse {
  events.emit('token.issued', {
    requestId,
    grantType,
    clientId,
    sub,
    authorizationId,
    jti,
    scopes,
    expiresAt,
  })
  return { access_token: token, token_type: 'Bearer', expires_in: expiresIn, scope: formatScope(scopes) }
}
