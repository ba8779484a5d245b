import { OAuthError } from '../errors.ts'
import { findResource } from '../model/resource.ts'

/**
 * Returns the resources of a request, in the server's spelling (RFC 8707 section 2). Empty for the default audience.
 *
 * @throws OAuthError `invalid_target` if one of them is not in `resources`
 */
export function chooseResources(
  resources: readonly string[],
  requested: readonly string[],
): readonly string[] {
  return pick(resources, requested, 'A requested resource is unknown')
}

/**
 * Returns the resources of a token request that follows an earlier authorization (RFC 8707 section 2.2): the ones it
 * names, which must have been authorized, or all authorized ones.
 *
 * @throws OAuthError `invalid_target`
 */
export function narrowResources(
  { audience }: { readonly audience: string },
  authorized: readonly string[],
  requested: readonly string[],
): readonly string[] {
  if (requested.length === 0) return authorized
  const allowed = authorized.length === 0 ? [audience] : authorized
  return pick(allowed, requested, 'A requested resource was not authorized')
}

function pick(
  resources: readonly string[],
  requested: readonly string[],
  description: string,
): readonly string[] {
  const found = new Set<string>()
  // A request can repeat one thousands of times, and comparing URLs takes time.
  for (const resource of new Set(requested)) {
    const match = findResource(resources, resource)
    if (match === undefined) throw new OAuthError('invalid_target', description)
    found.add(match)
  }
  return [...found]
}
