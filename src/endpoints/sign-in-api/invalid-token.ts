import { OAuthError } from '../../errors.ts'
import { invalidToken, type Refusal } from '../../guard/refusal.ts'
import type { Exchange } from '../endpoint.ts'

/** Creates the 401 for a token that is not accepted, in the words of a guard, with its challenge (RFC 6750 section 3). */
export function invalidTokenError(
  { services }: Pick<Exchange, 'services'>,
  description: 'Invalid token' | 'Token expired' | 'Token revoked',
  detail: string,
): OAuthError {
  const { headers } = invalidToken(services.settings.issuer, description)
  return new OAuthError('invalid_token', description, { headers, detail })
}

/** Converts the refusal of a guard. */
export const toError = ({ status, headers, body }: Refusal): OAuthError =>
  new OAuthError(body.error, body.error_description, { status, headers })
