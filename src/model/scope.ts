/** Every scope that is defined, including those to come. For personal tokens, the password grant and listed machines (D4). */
export const EVERY_SCOPE = '*'

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

/** Whether two lists hold the same scopes, in any order. */
export const isSameScope = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((scope) => right.includes(scope))
