import { OAuthError } from '../errors.ts'

/**
 * The resource of a token request that follows an earlier decision (RFC 8707 section 2.2): the one decided on, and
 * nothing else may be named.
 *
 * @throws OAuthError `invalid_target`
 */
export function keepResource(decided: string | null, requested: string | undefined): string | null {
  if (requested === undefined || requested === decided) return decided
  throw new OAuthError('invalid_target', 'This resource was not authorized')
}

/**
 * The resource of a request, if it is one of the server's (RFC 8707 section 2); null for the default audience.
 *
 * @throws OAuthError `invalid_target`
 */
export function chooseResource(resources: readonly string[], requested: string | undefined): string | null {
  if (requested === undefined) return null
  if (resources.includes(requested)) return requested
  throw new OAuthError('invalid_target', 'The requested resource is unknown')
}
