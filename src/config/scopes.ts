import { EVERY_SCOPE, OPENID_SCOPE, isScopeToken, type ScopeRules } from '../model/scope.ts'
import type { Config } from './config.ts'
import type { Validator } from '../lib/validator.ts'

export function resolveScopeRules(
  { scopes = {}, defaultScopes = [], scopeInheritance = false }: Partial<Config>,
  validator: Validator,
): ScopeRules {
  const defined = new Set(Object.keys(scopes))
  for (const scope of defined) {
    const problem = scopeProblem(scope, scopes[scope])
    if (problem) validator.problem(`scopes[${JSON.stringify(scope)}]`, problem)
  }
  for (const [index, scope] of defaultScopes.entries()) {
    if (!defined.has(scope)) validator.problem(`defaultScopes[${index}]`, 'is not defined in scopes')
  }
  return {
    defined,
    defaults: defaultScopes,
    isInherited: validator.boolean('scopeInheritance', scopeInheritance),
    firstPartyOnly: new Set(),
    allowsEvery: true,
  }
}

/** Returns what is wrong with a scope and its description, or undefined. */
export function scopeProblem(scope: string, description: unknown): string | undefined {
  if (scope === EVERY_SCOPE) return 'cannot be defined: it stands for every scope'
  if (scope === OPENID_SCOPE)
    return 'cannot be defined: the server issues no ID tokens, which OpenID Connect clients expect for it'
  if (!isScopeToken(scope))
    return 'must consist of visible ASCII characters, without spaces, quotes and backslashes'
  return typeof description === 'string' && description !== ''
    ? undefined
    : 'must be a sentence for the consent page'
}
