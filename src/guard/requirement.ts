import { createValidator, type Validator } from '../lib/validator.ts'

/** Who a route is for: people, clients that act for themselves, or both. Not the audience of a token, which is an API. */
export type Caller = 'user' | 'machine' | 'anyone'

/** What a route asks of a token. */
export interface Requirement {
  readonly caller: Caller
  /** Every one of these. */
  readonly allOf: readonly string[]
  /** At least one of these, where there are any. */
  readonly anyOf: readonly string[]
  /** The provider that the person must come from. */
  readonly provider: string
}

/** Scopes of which every one is needed, or one. */
export interface NamedScopes<Scope extends string> {
  readonly anyOf?: readonly Scope[]
  readonly allOf?: readonly Scope[]
}

/**
 * Scopes as they are written at a route: all that are needed, one after the other; or `{ anyOf }`, `{ allOf }` in place of
 * the first. One tuple and no union, so that the compiler names the scope that is misspelled.
 */
export type ScopeRequirement<Scope extends string> = readonly [
  first?: Scope | NamedScopes<Scope>,
  ...others: Scope[],
]

/** The guard that a requirement is for. */
export interface RequirementOptions {
  readonly provider: string
  /** The scopes that there are; undefined for any. */
  readonly scopes: readonly string[] | undefined
}

/**
 * The requirement of a route, from what was written there.
 *
 * @throws ConfigError where that is no requirement: taken for none, it would let in whoever has any token
 */
export function requirementOf(
  caller: Caller,
  scopes: ScopeRequirement<string>,
  { provider, scopes: defined }: RequirementOptions,
): Requirement {
  const validator = createValidator()
  const [first, ...others] = scopes
  const named = typeof first === 'object' ? checkedNames(caller, first, validator) : {}
  const listed = typeof first === 'object' ? others : (scopes as readonly string[])
  const allOf = [...(named.allOf ?? []), ...listed]
  const { anyOf = [] } = named
  for (const scope of [...allOf, ...anyOf]) {
    if (typeof scope !== 'string') validator.problem(caller, 'must be given scopes')
    else if (defined && !defined.includes(scope))
      validator.problem(caller, `there is no scope ${JSON.stringify(scope)}: there is ${defined.join(', ')}`)
  }
  validator.throwIfInvalid()
  return { caller, allOf, anyOf, provider }
}

/** Where nobody compiles, a list and a misspelled `anyOf` would be objects that ask for nothing. */
function checkedNames(path: string, given: unknown, validator: Validator): NamedScopes<string> {
  const names = Array.isArray(given) || given === null ? [] : Object.entries(given as object)
  const isNamed = names.every(
    ([name, list]) => /^(anyOf|allOf)$/.test(name) && Array.isArray(list) && list.length > 0,
  )
  if (names.length > 0 && isNamed) return given as NamedScopes<string>
  validator.problem(
    path,
    "takes scopes one after the other ('a', 'b'), or { anyOf: ['a', 'b'] } with at least one",
  )
  return {}
}
