import { createValidator } from '../lib/validator.ts'
import { isReservedClaim } from '../model/extra-claims.ts'
import { EVERY_SCOPE, isScopeToken } from '../model/scope.ts'

/** A client id, or any object with an `id`. */
export type ClientLike = string | { readonly id: string }

/** Defined scopes, or `*` for every scope. */
export type Granted<Scope extends string> = readonly (Scope | typeof EVERY_SCOPE)[]

/** The client of tokens that name none. It need not exist. */
export const TEST_CLIENT = 'test-client'

export const clientIdOf = (client: ClientLike): string => (typeof client === 'string' ? client : client.id)

/**
 * Throws `ConfigError` for an empty ID, an undefined scope or a reserved claim. A guard would reject such a token as invalid, and the test would
 * fail with a 401 that explains nothing.
 */
export function validateToken(
  {
    scopes,
    claims = {},
    ...ids
  }: {
    readonly user?: string
    readonly client: string
    readonly scopes: readonly string[]
    readonly claims?: object
  },
  defined: readonly string[] | undefined,
): void {
  const validator = createValidator()
  for (const [path, id] of Object.entries(ids)) if (id === '') validator.problem(path, 'must not be empty')
  for (const [index, scope] of scopes.entries()) {
    const isKnown = scope === EVERY_SCOPE || !defined || defined.includes(scope)
    if (!isScopeToken(scope)) validator.problem(`scopes[${index}]`, 'is not a valid scope')
    else if (!isKnown)
      validator.problem(`scopes[${index}]`, `is not defined. Defined scopes: ${defined?.join(', ')}`)
  }
  for (const name of Object.keys(claims).filter(isReservedClaim))
    validator.problem(`claims.${name}`, 'belongs to the server')
  validator.throwIfInvalid()
}
