import { isFirstParty, type Ownership } from './client.ts'

/** Stands for every scope, including later ones. For personal access tokens, the password grant and machine clients. */
export const EVERY_SCOPE = '*'

/** The scope that asks for an ID token (OpenID Connect Core section 3.1.2.1), which this server does not issue. */
export const OPENID_SCOPE = 'openid'

const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/

/** Returns whether a text is a valid scope (RFC 6749 section 3.3). */
export const isScopeToken = (text: string): boolean => SCOPE_TOKEN.test(text)

/** Parses a space-separated list of scopes, without duplicates (RFC 6749 section 3.3). */
export const parseScope = (text: string | undefined): readonly string[] =>
  text ? [...new Set(text.split(' ').filter(Boolean))] : []

export const formatScope = (scopes: readonly string[]): string => scopes.join(' ')

/** How scopes are compared. */
export interface ScopeInheritance {
  /** Whether a scope covers those below it: `orders` covers `orders:read`. */
  readonly isInherited: boolean
}

/** The scopes of a server: all defined ones, and the defaults for requests without `scope`. */
export interface ScopeRules extends ScopeInheritance {
  readonly defined: ReadonlySet<string>
  readonly defaults: readonly string[]
  /** Those that only first-party clients can have. */
  readonly firstPartyOnly: ReadonlySet<string>
  /** Those that users cannot uncheck on the consent page. */
  readonly required: ReadonlySet<string>
  /** Whether a client can have `*`, if its list allows that. */
  readonly allowsEvery: boolean
}

/** Returns the rules for a client. Third parties have neither `*` nor first-party-only scopes: for them these do not exist. */
export const scopeRulesFor = (rules: ScopeRules, client: Ownership): ScopeRules =>
  isFirstParty(client) ? rules : thirdPartyRules(rules)

/** Returns the rules for third-party clients. */
export function thirdPartyRules(rules: ScopeRules): ScopeRules {
  const isTheirs = (scope: string): boolean => !rules.firstPartyOnly.has(scope)
  return {
    ...rules,
    defined: new Set([...rules.defined].filter(isTheirs)),
    defaults: rules.defaults.filter(isTheirs),
    allowsEvery: false,
  }
}

/** Returns the defined scopes that every client can have. Metadata lists these: some clients request all that it lists. */
export const openScopes = (rules: ScopeRules): readonly string[] => [...thirdPartyRules(rules).defined]

/** Returns whether `granted` includes a scope. `*` includes all, and with inheritance `a` includes `a:b` and `a:b:c`. */
export const coversScope = (rules: ScopeInheritance, granted: readonly string[], scope: string): boolean =>
  granted.includes(scope) ||
  granted.includes(EVERY_SCOPE) ||
  (rules.isInherited && granted.some((parent) => isBelow(scope, parent)))

/** Runs on each API call with inheritance, so it creates no strings. */
const isBelow = (scope: string, parent: string): boolean =>
  scope[parent.length] === ':' && scope.startsWith(parent)

/** Returns whether `granted` includes all of `wanted`. */
export const coversScopes = (
  rules: ScopeInheritance,
  granted: readonly string[],
  wanted: readonly string[],
): boolean => wanted.every((scope) => coversScope(rules, granted, scope))

/** Returns the first of `wanted` that `allowed` does not include. `*` is only included if it is listed. */
export const firstUncovered = (
  rules: ScopeInheritance,
  allowed: readonly string[],
  wanted: readonly string[],
): string | undefined => wanted.find((scope) => !coversScope(rules, allowed, scope))

/**
 * Returns the scopes that a client may request from a user, or null for all defined ones. `*` on the client's list allows
 * each scope by its own name, but not `*` itself: no consent page could explain it.
 */
export const requestableScopes = (allowed: readonly string[] | null): readonly string[] | null =>
  allowed?.includes(EVERY_SCOPE) ? null : allowed

/** Returns whether two lists contain the same scopes, in any order. */
export const isSameScope = (left: readonly string[], right: readonly string[]): boolean =>
  left.every((scope) => right.includes(scope)) && right.every((scope) => left.includes(scope))

/** The scopes for a request, or why it is refused (RFC 6749 section 3.3). */
export type ScopeResult = { readonly scopes: readonly string[] } | { readonly problem: string }

/**
 * Returns the scopes for a request. `allowed` lists what the client may have; null for every defined scope, but not `*`.
 * An unknown or disallowed scope is an error and never silently dropped.
 */
export function resolveScopes(
  rules: ScopeRules,
  requested: string | undefined,
  allowed: readonly string[] | null,
): ScopeResult {
  const available = availableScopes(rules, allowed)
  if (requested === undefined)
    return { scopes: rules.defaults.filter((scope) => coversScope(rules, available, scope)) }
  const wanted = parseScope(requested)
  const unknown = wanted.find((scope) => !rules.defined.has(scope) && scope !== EVERY_SCOPE)
  if (unknown !== undefined) return { problem: unknownProblem(rules, unknown) }
  const refused = firstUncovered(rules, available, wanted)
  return refused === undefined
    ? { scopes: wanted }
    : { problem: `the client may not request scope ${refused}` }
}

/** Shortens the scope for the log, in case it is a secret in the wrong place. */
const unknownProblem = ({ firstPartyOnly }: ScopeRules, scope: string): string =>
  `scope ${JSON.stringify(scope.slice(0, 32))} is ${firstPartyOnly.has(scope) ? 'for first-party clients only' : 'not defined'}`

/**
 * Returns what is left of granted scopes: those that are still defined and that the client may still have. Of a granted
 * scope that the client may no longer have as a whole, such as `*`, the parts that it may have remain.
 */
export function remainingScopes(
  rules: ScopeRules,
  granted: readonly string[],
  allowed: readonly string[] | null,
): readonly string[] {
  const current = granted.filter((scope) => rules.defined.has(scope) || scope === EVERY_SCOPE)
  if (allowed === null && rules.allowsEvery) return current
  const available = availableScopes(rules, allowed)
  const kept = current.filter((scope) => coversScope(rules, available, scope))
  const parts = available.filter(
    (scope) =>
      rules.defined.has(scope) && coversScope(rules, current, scope) && !coversScope(rules, kept, scope),
  )
  return [...kept, ...parts]
}

/** Without a list, and with `*` on the list of a client that cannot have it, these are all defined scopes. */
const availableScopes = (
  { defined, allowsEvery }: ScopeRules,
  allowed: readonly string[] | null,
): readonly string[] =>
  allowed === null || (!allowsEvery && allowed.includes(EVERY_SCOPE)) ? [...defined] : allowed
