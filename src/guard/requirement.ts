import { createValidator, type Validator } from '../lib/validator.ts'
import { coversScope, type ScopeInheritance } from '../model/scope.ts'
import type { AudienceRequirement, Audiences } from './audiences.ts'

/** Who can call a route: users, machines (clients with a token of their own), or both. */
export type Caller = 'user' | 'machine' | 'anyone'

/** What a route requires of a token. */
export interface Requirement {
  readonly caller: Caller
  /** All of these scopes. */
  readonly allOf: readonly string[]
  /** At least one of these scopes, unless the list is empty. */
  readonly anyOf: readonly string[]
  /** The provider of the user. Undefined for any. */
  readonly provider: string | undefined
  /** Whether to ask the store about revocations. Undefined: as configured for the guard. */
  readonly isStrict?: boolean | undefined
  /** One of these must be in `aud`. Undefined for the guard's own audience. */
  readonly audiences?: readonly string[] | undefined
  /** Where clients find the metadata of the resource. For the challenge (RFC 9728 section 5.1). */
  readonly resourceMetadata?: string | undefined
  /** False if the API cookie is not accepted in place of a token. */
  readonly acceptsCookie?: boolean | undefined
}

interface RouteOptions<Scope extends string> {
  readonly anyOf?: readonly Scope[]
  readonly allOf?: readonly Scope[]
  /**
   * True to ask the store on each request whether the token is revoked, so that a sign-out on another node counts from the
   * next request on. Costs one query. Default: `revocations.strict` of the server. Standalone guards have no store: `true`
   * throws `ConfigError`.
   */
  readonly strict?: boolean
  /**
   * The resource that tokens must be for (RFC 8707), instead of the server's own `audience`: one of the configured
   * `resources`. With several, a token for any of them is accepted. Unknown ones throw `ConfigError`.
   */
  readonly resource?: string | readonly string[]
  /**
   * False to refuse the API cookie, so that only access tokens are accepted. Default: true, which has an effect only if the
   * server has `apiCookie`.
   */
  readonly cookie?: boolean
}

/**
 * The scopes that a guard requires: all of those listed, or an object with `anyOf`, `allOf`, `strict`, `resource` and `cookie`
 * as the first argument. Malformed and unknown scopes throw `ConfigError`.
 */
// A single tuple instead of a union, so that the compiler names the misspelled scope.
export type Scopes<Scope extends string> = readonly [first?: Scope | RouteOptions<Scope>, ...others: Scope[]]

export interface RequirementOptions extends ScopeInheritance {
  readonly provider: string
  /** The defined scopes. Undefined allows any. */
  readonly scopes: readonly string[] | undefined
  /** Whether the guard has a store to ask. */
  readonly canBeStrict: boolean
  readonly audiences: Audiences
}

/**
 * Returns the requirement of a route.
 *
 * @throws ConfigError if the scopes are malformed or unknown. Ignoring them would open the route to every token.
 */
export function requirementOf(
  caller: Caller,
  scopes: Scopes<string>,
  { provider, scopes: defined, canBeStrict, audiences: known, isInherited }: RequirementOptions,
): Requirement {
  const validator = createValidator()
  const [first, ...others] = scopes
  const named = typeof first === 'object' ? checkOptions(caller, first, validator) : {}
  const listed = typeof first === 'object' ? others : (scopes as readonly string[])
  const allOf = [...(named.allOf ?? []), ...listed]
  const { anyOf = [], strict, resource, cookie } = named
  if (strict === true && !canBeStrict) validator.problem(caller, STRICT_NEEDS_STORE)
  for (const scope of [...allOf, ...anyOf]) {
    if (typeof scope !== 'string') validator.problem(caller, 'must be called with scopes')
    else if (defined && !defined.includes(scope))
      validator.problem(caller, `unknown scope ${JSON.stringify(scope)}. Use one of: ${defined.join(', ')}`)
  }
  const audience = requireAudience(known, resource, (problem) => validator.problem(caller, problem))
  const { audiences, metadataUrl: resourceMetadata } = audience
  for (const scope of [...allOf, ...anyOf]) {
    if (audience.scopes && !coversScope({ isInherited }, audience.scopes, scope))
      validator.problem(caller, `scope ${JSON.stringify(scope)} is not one of the scopes of the resource`)
  }
  validator.throwIfInvalid()
  return {
    caller,
    allOf,
    anyOf,
    provider,
    isStrict: strict,
    audiences,
    resourceMetadata,
    acceptsCookie: cookie,
  }
}

function requireAudience(
  known: Audiences,
  resource: string | readonly string[] | undefined,
  report: (problem: string) => void,
): AudienceRequirement {
  if (resource === undefined) return known.defaults
  const required = known.require([resource].flat())
  if (!('problem' in required)) return required
  report(required.problem)
  return known.defaults
}

/** For guards outside the server. */
export const STRICT_NEEDS_STORE =
  'strict needs the store, which a guard in another service does not have. Guard the route in the server instead'

/** In plain JavaScript, a list or a misspelled `anyOf` would otherwise be an object without requirements. */
function checkOptions(path: string, given: unknown, validator: Validator): RouteOptions<string> {
  const options = Array.isArray(given) || given === null ? [] : Object.entries(given as object)
  if (options.length > 0 && options.every(isValidOption)) return given as RouteOptions<string>
  validator.problem(
    path,
    "must be called with scopes ('a', 'b') or with { anyOf: ['a', 'b'] }, not empty; strict and cookie must be true or false; resource must be a URI or a list of URIs",
  )
  return {}
}

function isValidOption([name, value]: readonly [string, unknown]): boolean {
  if (name === 'strict' || name === 'cookie') return typeof value === 'boolean'
  const list: readonly unknown[] = Array.isArray(value) ? value : name === 'resource' ? [value] : []
  const isKnown = name === 'anyOf' || name === 'allOf' || name === 'resource'
  return isKnown && list.length > 0 && (name !== 'resource' || list.every((uri) => typeof uri === 'string'))
}
