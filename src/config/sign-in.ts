import type { SignInFeature, SignInOptions } from '../grants/sign-in.ts'
import type { RefreshPolicy } from '../issuance/context.ts'
import type { Duration } from '../lib/duration.ts'
import type { Validator } from '../lib/validator.ts'
import { EVERY_SCOPE, type ScopeRules } from '../model/scope.ts'
import type { Config } from './config.ts'
import { resolveRefreshLifetimes } from './grants.ts'
import { listIn, resolveAppOrigins } from './origins.ts'

/** The settings of the sign-in API. */
export interface SignInSettings {
  /** In milliseconds. */
  readonly accessTokenLifetime: number
  readonly refresh: RefreshPolicy
  readonly scopes: readonly string[]
  /** The origins that may use it from a browser. */
  readonly origins: ReadonlySet<string>
}

/** What the options of the sign-in API refer to. */
interface Context {
  readonly accessTokenLifetime: Duration
  readonly rules: ScopeRules
}

/** Returns undefined if the sign-in API is off. */
export function resolveSignIn(
  listed: Config['grants'] | undefined,
  context: Context,
  validator: Validator,
): SignInSettings | undefined {
  const index = (listed ?? []).findIndex((grant) => isSignIn(grant))
  const feature = listed?.[index]
  if (!feature || !isSignIn(feature)) return undefined
  const path = `grants[${index}]`
  const { accessTokenLifetime = context.accessTokenLifetime, scopes = [EVERY_SCOPE] } = feature.options
  return {
    accessTokenLifetime: validator.duration(`${path}.accessTokenLifetime`, accessTokenLifetime),
    refresh: resolveRefresh(path, feature.options, validator),
    scopes: resolveScopes(`${path}.scopes`, scopes, context.rules, validator),
    origins: resolveAppOrigins(`${path}.origins`, feature.options.origins ?? [], validator),
  }
}

/** An entry of `grants` from JavaScript can be anything. */
const isSignIn = (grant: Config['grants'][number] | undefined): grant is SignInFeature =>
  grant?.type === 'sign_in' && typeof (grant as Partial<SignInFeature>).options === 'object'

function resolveRefresh(
  path: string,
  { lifetime = '12h', maximumLifetime, graceWindow }: SignInOptions,
  validator: Validator,
): RefreshPolicy {
  const lifetimes = resolveRefreshLifetimes(path, { lifetime, maximumLifetime, graceWindow }, validator)
  return { ...lifetimes, rotation: 'always' }
}

function resolveScopes(
  path: string,
  scopes: readonly string[],
  { defined }: ScopeRules,
  validator: Validator,
): readonly string[] {
  const listed = listIn(path, scopes, validator)
  for (const [index, scope] of listed.entries()) {
    if (scope !== EVERY_SCOPE && !defined.has(scope))
      validator.problem(`${path}[${index}]`, 'is not defined in scopes')
  }
  return listed
}
