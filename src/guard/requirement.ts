/** Who a route is for. */
export type Audience = 'user' | 'machine' | 'anyone'

/** What a route asks of a token. */
export interface Requirement {
  readonly audience: Audience
  /** Every one of these. */
  readonly allOf: readonly string[]
  /** At least one of these, where there are any. */
  readonly anyOf: readonly string[]
  /** The provider that the person must come from; undefined for any. */
  readonly provider?: string
}

/** Scopes as they are written at a route: a list of all that are needed, or `{ anyOf }`, `{ allOf }`. */
export type ScopeRequirement<Scope extends string> =
  | readonly Scope[]
  | readonly [{ readonly anyOf?: readonly Scope[]; readonly allOf?: readonly Scope[] }]

/** The requirement of a route, from what was written there. */
export function requirementOf(
  audience: Audience,
  scopes: ScopeRequirement<string>,
  provider?: string,
): Requirement {
  const [first] = scopes
  const named = typeof first === 'object' ? first : { allOf: scopes as readonly string[] }
  return {
    audience,
    allOf: named.allOf ?? [],
    anyOf: named.anyOf ?? [],
    ...(provider === undefined ? {} : { provider }),
  }
}
