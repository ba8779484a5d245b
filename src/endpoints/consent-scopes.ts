import type { Settings } from '../config/settings.ts'
import type { Form } from '../lib/form.ts'
import { coversScope, type ScopeInheritance } from '../model/scope.ts'
import type { ConsentScopeView } from '../pages/props.ts'
import { describeScopes } from './descriptions.ts'

/**
 * Returns the scopes for a consent page. Users may uncheck new ones, unless these are required or below a required one, or
 * there is only one, which they allow or deny as a whole. `languages` is from `languagesOf`.
 */
export function consentScopes(
  requested: readonly string[],
  settings: Settings,
  languages: readonly string[],
  allowed: readonly string[] = [],
): readonly ConsentScopeView[] {
  const { scopes: rules } = settings
  const added = requested.filter((id) => !allowed.includes(id))
  const required = requested.filter((id) => rules.required.has(id))
  const hasChoice = settings.hasPartialConsent && added.length > 1
  return describeScopes(requested, settings, languages).map((scope) => ({
    ...scope,
    isGranted: !added.includes(scope.id),
    isOptional: hasChoice && added.includes(scope.id) && !coversScope(rules, required, scope.id),
  }))
}

/** Returns the ids of the scopes that users may uncheck. */
export const optionalScopes = (scopes: readonly ConsentScopeView[]): readonly string[] =>
  scopes.filter(({ isOptional }) => isOptional).map(({ id }) => id)

/**
 * Returns the requested scopes without the optional ones whose box is not checked, and without those that cover one of
 * these: the client would get by inheritance what the user unchecked. A form can only take scopes away.
 */
export function checkedScopes(
  rules: ScopeInheritance,
  requested: readonly string[],
  optional: readonly string[],
  form: Form,
): readonly string[] {
  const unchecked = optional.filter((scope) => form.get(`scope:${scope}`) === undefined)
  return requested.filter((scope) => !unchecked.some((other) => coversScope(rules, [scope], other)))
}

/** Returns whether the user unchecked everything. It counts as a denial: a token without scopes would surprise both sides. */
export const isEverythingUnchecked = (requested: readonly string[], checked: readonly string[]): boolean =>
  requested.length > 0 && checked.length === 0
