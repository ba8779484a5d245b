import { AuthError, isTemporary } from './error.ts'
import type { TokenPair } from './pair.ts'
import { platform } from './platform.ts'
import { tokensIn, type Post, type TokenResponse } from './requests.ts'
import type { SignInReason } from './tabs.ts'
import { withRetries } from './wait.ts'

/** How to reach the server. */
export interface ServerParts {
  readonly post: Post
  readonly prefix: string
  readonly clientId: string | undefined
}

/**
 * Refreshes a pair where it came from: the sign-in API or the token endpoint. Retries if the response got lost: within the
 * server's grace window, an old refresh token gets the current one again.
 */
export const requestRefresh = (
  { post, prefix, clientId }: ServerParts,
  { refresh_token, session_id }: TokenPair,
): Promise<TokenResponse> =>
  withRetries(async () => {
    if (refresh_token === undefined) throw new AuthError('invalid_token', { status: 401 })
    return tokensIn(
      session_id === undefined
        ? await post(`${prefix}/token`, { grant_type: 'refresh_token', client_id: clientId, refresh_token })
        : await post('/auth/refresh', { refresh_token }),
    )
  })

/** Signs out of the sign-in API, or revokes the tokens (RFC 7009). Without a response, tries again later. Never rejects. */
export async function requestSignOut(
  { post, prefix, clientId }: ServerParts,
  { access_token, refresh_token, session_id }: TokenPair,
): Promise<void> {
  const send = (): Promise<unknown> =>
    session_id === undefined
      ? post(`${prefix}/revoke`, { client_id: clientId, token: refresh_token ?? access_token }, true)
      : post('/auth/logout', { refresh_token }, true)
  const retry = (): void =>
    void withRetries(send).catch(() => platform.addEventListener?.('online', retry, { once: true }))
  await send().catch((error: unknown) => void (isTemporary(error) && retry()))
}

/**
 * Returns why a user must sign in after a refresh failed.
 *
 * @throws the error, if it says nothing about the refresh token: the network is down or the server is busy
 */
export function signInReasonOf(error: unknown): SignInReason {
  if (!(error instanceof AuthError) || !isRejection(error)) throw error
  return error.message === 'Token revoked' ? 'revoked' : 'expired'
}

const isRejection = ({ status, code }: AuthError): boolean =>
  (status === 400 || status === 401) && (code === 'invalid_grant' || code === 'invalid_token')
