import { createValidator, type Validator } from '../lib/validator.ts'

/** Who can call a route: users, machines (clients with a token of their own), or both. */
export type Caller = 'user' | 'machine' | 'anyone'

/** What a route requires of a token. */
export interface Requirement {
  readonly caller: Caller
  /** All of these scopes. */
  readonly allOf: readonly string[]
  /** At least one of these scopes, unless the list is empty. */
  readonly anyOf: readonly string[]
  /** The provider of the user. */
  readonly provider: string
}

interface NamedScopes<Scope extends string> {
  readonly anyOf?: readonly Scope[]
  readonly allOf?: readonly Scope[]
}

/**
 * The scopes that a guard requires: all of those listed, or `{ anyOf }` or `{ allOf }` as the first argument. Malformed
 * and unknown scopes throw `ConfigError`.
 */
// A single tuple instead of a union, so that the compiler names the misspelled scope.
export type Scopes<Scope extends string> = readonly [first?: Scope | NamedScopes<Scope>, ...others: Scope[]]

export interface RequirementOptions {
  readonly provider: string
  /** The defined scopes. Undefined allows any. */
  readonly scopes: readonly string[] | undefined
}

/**
 * Returns the requirement of a route.
 *
 * @throws ConfigError if the scopes are malformed or unknown. Ignoring them would open the route to every token.
 */
export function requirementOf(
  caller: Caller,
  scopes: Scopes<string>,
  { provider, scopes: defined }: RequirementOptions,
): Requirement {
  const validator = createValidator()
  const [first, ...others] = scopes
  const named = typeof first === 'object' ? checkNamedScopes(caller, first, validator) : {}
  const listed = typeof first === 'object' ? others : (scopes as readonly string[])
  const allOf = [...(named.allOf ?? []), ...listed]
  const { anyOf = [] } = named
  for (const scope of [...allOf, ...anyOf]) {
    if (typeof scope !== 'string') validator.problem(caller, 'must be called with scopes')
    else if (defined && !defined.includes(scope))
      validator.problem(caller, `unknown scope ${JSON.stringify(scope)}. Use one of: ${defined.join(', ')}`)
  }
  validator.throwIfInvalid()
  return { caller, allOf, anyOf, provider }
}

/** In plain JavaScript, a list or a misspelled `anyOf` would otherwise be an object without requirements. */
function checkNamedScopes(path: string, given: unknown, validator: Validator): NamedScopes<string> {
  const names = Array.isArray(given) || given === null ? [] : Object.entries(given as object)
  const isValid = names.every(
    ([name, list]) => /^(anyOf|allOf)$/.test(name) && Array.isArray(list) && list.length > 0,
  )
  if (names.length > 0 && isValid) return given as NamedScopes<string>
  validator.problem(path, "must be called with scopes ('a', 'b') or with { anyOf: ['a', 'b'] }, not empty")
  return {}
}
