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

/** Returns whether `granted` includes a scope. `*` includes all. */
export const coversScope = (granted: readonly string[], scope: string): boolean =>
  granted.includes(scope) || granted.includes(EVERY_SCOPE)

/** Returns whether `granted` includes all of `wanted`. */
export const coversScopes = (granted: readonly string[], wanted: readonly string[]): boolean =>
  wanted.every((scope) => coversScope(granted, scope))

/** Returns the first of `wanted` that `allowed` does not include. `*` is only included if it is listed. */
export const firstUncovered = (allowed: readonly string[], wanted: readonly string[]): string | undefined =>
  wanted.find((scope) => !coversScope(allowed, scope))

/**
 * Returns the scopes that a client may request from a user, or null for all defined ones. `*` on the client's list allows
 * each scope by its own name, but not `*` itself: no consent page could explain it.
 */
export const requestableScopes = (allowed: readonly string[] | null): readonly string[] | null =>
  allowed?.includes(EVERY_SCOPE) ? null : allowed

/** Returns whether two lists contain the same scopes, in any order. */
export const isSameScope = (left: readonly string[], right: readonly string[]): boolean =>
  left.every((scope) => right.includes(scope)) && right.every((scope) => left.includes(scope))

/** The scopes of a server: all defined ones, and the defaults for requests without `scope`. */
export interface ScopeRules {
  readonly defined: ReadonlySet<string>
  readonly defaults: readonly string[]
}

/** The scopes for a request, or why it is refused (RFC 6749 section 3.3). */
export type ScopeResult = { readonly scopes: readonly string[] } | { readonly problem: string }

/**
 * Returns the scopes for a request. `allowed` lists what the client may have; null for every defined scope, but not `*`.
 * An unknown or disallowed scope is an error and never silently dropped.
 */
export function resolveScopes(
  { defined, defaults }: ScopeRules,
  requested: string | undefined,
  allowed: readonly string[] | null,
): ScopeResult {
  const available = allowed ?? [...defined]
  if (requested === undefined) return { scopes: defaults.filter((scope) => coversScope(available, scope)) }
  const wanted = parseScope(requested)
  const unknown = wanted.find(
    (scope) => !defined.has(scope) && !(scope === EVERY_SCOPE && available.includes(EVERY_SCOPE)),
  )
  if (unknown !== undefined)
    // Shortened for the log, in case it is a secret in the wrong place.
    return { problem: `scope ${JSON.stringify(unknown.slice(0, 32))} is not defined` }
  const refused = firstUncovered(available, wanted)
  return refused === undefined
    ? { scopes: wanted }
    : { problem: `the client may not request scope ${refused}` }
}

/**
 * Returns those of the granted scopes that are still defined and that the client may still have. If it may no longer have
 * `*`, those that it may have remain.
 */
export const remainingScopes = (
  { defined }: ScopeRules,
  granted: readonly string[],
  allowed: readonly string[] | null,
): readonly string[] =>
  allowed !== null && granted.includes(EVERY_SCOPE) && !allowed.includes(EVERY_SCOPE)
    ? allowed.filter((scope) => defined.has(scope))
    : granted.filter(
        (scope) =>
          (defined.has(scope) || scope === EVERY_SCOPE) && (allowed === null || coversScope(allowed, scope)),
      )
