import { EVERY_SCOPE, OPENID_SCOPE, isScopeToken, type ScopeRules } from '../model/scope.ts'
import type { Config } from './config.ts'
import type { Validator } from '../lib/validator.ts'

/** Checks the scopes and what is given where none is named. */
export function resolveScopeRules(
  { scopes = {}, defaultScopes = [] }: Partial<Config>,
  validator: Validator,
): ScopeRules {
  const defined = new Set(Object.keys(scopes))
  for (const scope of defined) {
    const problem = problemOf(scope, scopes[scope])
    if (problem) validator.problem(`scopes[${JSON.stringify(scope)}]`, problem)
  }
  for (const [index, scope] of defaultScopes.entries()) {
    if (!defined.has(scope)) validator.problem(`defaultScopes[${index}]`, 'is not one of the scopes')
  }
  return { defined, defaults: defaultScopes }
}

function problemOf(scope: string, description: unknown): string | undefined {
  if (scope === EVERY_SCOPE) return 'stands for every scope and cannot be defined'
  if (scope === OPENID_SCOPE)
    return 'cannot be defined: this server issues no ID tokens, and OpenID Connect clients would fail without one'
  if (!isScopeToken(scope)) return 'must be visible ASCII without space, " and \\'
  return typeof description === 'string' && description !== ''
    ? undefined
    : 'must be a sentence that people understand'
}

/** Checks the resources; the default audience is always one of them (RFC 8707 section 2). */
export function resolveResources(
  resources: readonly string[],
  audience: string,
  validator: Validator,
): readonly string[] {
  for (const [index, resource] of resources.entries()) {
    if (URL.canParse(resource) && !resource.includes('#')) continue
    validator.problem(`resources[${index}]`, 'must be an absolute URI without a fragment')
  }
  return [...new Set([audience, ...resources])]
}
