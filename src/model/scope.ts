/** Every scope that is defined, including those to come. For personal tokens, the password grant and listed machines. */
export const EVERY_SCOPE = '*'

/** The scope that asks for an ID token (OpenID Connect Core section 3.1.2.1), which this server does not issue. */
export const OPENID_SCOPE = 'openid'

const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/

/** Whether a text can be a scope (RFC 6749 section 3.3). */
export const isScopeToken = (text: string): boolean => SCOPE_TOKEN.test(text)

/** The scopes of a space-separated list, each once, in order (RFC 6749 section 3.3). */
export const parseScope = (text: string | undefined): readonly string[] =>
  text ? [...new Set(text.split(' ').filter(Boolean))] : []

/** The scopes as one space-separated text. */
export const formatScope = (scopes: readonly string[]): string => scopes.join(' ')

/** Whether `granted` covers the scope; `*` covers all. */
export const coversScope = (granted: readonly string[], scope: string): boolean =>
  granted.includes(scope) || granted.includes(EVERY_SCOPE)

/** Whether `granted` covers every one of `wanted`. */
export const coversScopes = (granted: readonly string[], wanted: readonly string[]): boolean =>
  wanted.every((scope) => coversScope(granted, scope))

/** The first of `wanted` that `allowed` does not cover; `*` itself must be listed to be allowed. */
export const firstUncovered = (allowed: readonly string[], wanted: readonly string[]): string | undefined =>
  wanted.find((scope) => !coversScope(allowed, scope))

/**
 * What a client may ask a person for. `*` on its list stands there for each defined scope by its own name (null): no page
 * could say what `*` is, least of all of scopes that are defined later.
 */
export const scopesToAskFor = (allowed: readonly string[] | null): readonly string[] | null =>
  allowed?.includes(EVERY_SCOPE) ? null : allowed

/** Whether two lists hold the same scopes, in any order. */
export const isSameScope = (left: readonly string[], right: readonly string[]): boolean =>
  left.every((scope) => right.includes(scope)) && right.every((scope) => left.includes(scope))

/** The scopes of a server: what is defined, and what a request gets that names none. */
export interface ScopeRules {
  readonly defined: ReadonlySet<string>
  readonly defaults: readonly string[]
}

/** The scopes that a request gets, or why it gets none (RFC 6749 section 3.3). */
export type ScopeAnswer = { readonly scopes: readonly string[] } | { readonly problem: string }

/**
 * What a request for scopes gets. `allowed` is what the client may have (null: every defined scope); `*` is given only
 * where it is on that list. A scope that is unknown or not allowed is refused, never dropped in silence.
 */
export function resolveScopes(
  { defined, defaults }: ScopeRules,
  requested: string | undefined,
  allowed: readonly string[] | null,
): ScopeAnswer {
  const reach = allowed ?? [...defined]
  if (requested === undefined) return { scopes: defaults.filter((scope) => coversScope(reach, scope)) }
  const wanted = parseScope(requested)
  const unknown = wanted.find(
    (scope) => !defined.has(scope) && !(scope === EVERY_SCOPE && reach.includes(EVERY_SCOPE)),
  )
  if (unknown !== undefined)
    // For the log, and short of any secret that was put here by mistake.
    return { problem: `scope ${JSON.stringify(unknown.slice(0, 32))} is not defined` }
  const refused = firstUncovered(reach, wanted)
  return refused === undefined
    ? { scopes: wanted }
    : { problem: `the client may not ask for scope ${refused}` }
}

/** What is still given of scopes that were allowed once: those that are defined and that the client may have today. */
export const remainingScopes = (
  { defined }: ScopeRules,
  granted: readonly string[],
  allowed: readonly string[] | null,
): readonly string[] =>
  granted.filter(
    (scope) =>
      (defined.has(scope) || scope === EVERY_SCOPE) && (allowed === null || coversScope(allowed, scope)),
  )
