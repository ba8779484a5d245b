import { OAuthError } from '../../errors.ts'
import { canUseGrant, type Client, type GrantType } from '../../model/client.ts'

/**
 * Refuses a client that may not use a grant.
 *
 * @throws OAuthError `unauthorized_client`
 */
export function requireGrant(client: Client, grantType: GrantType): void {
  if (canUseGrant(client, grantType)) return
  const detail = `client ${client.id} lacks the grant ${grantType}`
  throw new OAuthError('unauthorized_client', 'The client is not authorized to use this grant type', {
    detail,
  })
}
