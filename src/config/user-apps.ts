import type { OptionNames, Validator } from '../lib/validator.ts'
import { DEVICE_GRANT } from '../model/device-code.ts'
import type { ScopeRules } from '../model/scope.ts'

/** Which apps users can register. */
export interface UserAppsConfig<Scope extends string = string> {
  /** The most apps that a user can have at a time. Deleted ones don't count. A user can register twice that many within 24 hours. Default 10. */
  readonly limit?: number
  /** The scopes that a new app may request. Default: every scope that third-party clients may request. */
  readonly scopes?: readonly Scope[]
}

/** The checked option `userApps`. */
export interface UserAppSettings {
  readonly limit: number
  /** Undefined for every scope that third-party clients may request. */
  readonly scopes: readonly string[] | undefined
}

const OPTIONS: OptionNames<UserAppsConfig> = { limit: true, scopes: true }

const DEFAULT_LIMIT = 10

/** What the option depends on. */
interface Features {
  readonly grants: { has(type: string): boolean }
  readonly scopes: ScopeRules
}

/** Returns undefined if users cannot register apps. */
export function resolveUserApps(
  given: UserAppsConfig | undefined,
  { grants, scopes: rules }: Features,
  validator: Validator,
): UserAppSettings | undefined {
  if (given === undefined) return undefined
  validator.knownOptions('userApps', given, OPTIONS)
  const { limit = DEFAULT_LIMIT, scopes } = given
  validator.positiveInteger('userApps.limit', limit)
  const isList = scopes === undefined || Array.isArray(scopes)
  if (!isList) validator.problem('userApps.scopes', 'must be an array')
  for (const [index, scope] of (isList ? (scopes ?? []) : []).entries()) {
    const problem = scopeProblem(scope as string, rules)
    if (problem !== undefined) validator.problem(`userApps.scopes[${index}]`, problem)
  }
  if (!grants.has('authorization_code') && !grants.has(DEVICE_GRANT))
    validator.problem('userApps', 'needs authorizationCode() or deviceCode() in grants')
  return { limit, scopes: isList ? scopes && [...new Set<string>(scopes)] : undefined }
}

function scopeProblem(scope: string, { defined, firstPartyOnly }: ScopeRules): string | undefined {
  if (!defined.has(scope)) return 'is not defined in scopes'
  return firstPartyOnly.has(scope) ? 'is for first-party clients only' : undefined
}
