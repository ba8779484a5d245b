import type { ConfigProblem } from '../errors.ts'
import type { AuthorizationCodeGrant } from '../grants/authorization-code.ts'
import type { DeviceCodeGrant } from '../grants/device-code.ts'
import type { Grant } from '../grants/grant.ts'
import type { ImplicitGrant } from '../grants/implicit.ts'
import type { RefreshTokenGrant } from '../grants/refresh-token.ts'
import type { RefreshPolicy } from '../issuance/context.ts'
import { parseDuration, type Duration } from '../lib/duration.ts'
import { DEVICE_GRANT } from '../model/device-code.ts'
import type { Validator } from '../lib/validator.ts'
import { GRANT_TYPE_PROBLEM, isGrantType } from '../model/client.ts'
import type { Config } from './config.ts'
import { checkGrantOptions } from './options.ts'

/** The enabled grants with their settings. */
export interface GrantSettings {
  /** By grant type. All but `implicit` handle token requests. */
  readonly grants: Grants
  /** The lifetime of authorization codes in milliseconds. */
  readonly codeLifetime: number
  readonly deviceCodes: DeviceCodeSettings
  /** Undefined if the refresh grant is off: then no refresh tokens are issued. */
  readonly refresh: RefreshPolicy | undefined
  /** The lifetimes of access tokens by grant type, in milliseconds. The others have the server's. */
  readonly accessTokenLifetimes: ReadonlyMap<string, number>
}

/** The settings of the device grant, in milliseconds. */
export interface DeviceCodeSettings {
  /** The lifetime of device codes and user codes. */
  readonly lifetime: number
  /** How long a device waits between polls. */
  readonly interval: number
}

export function resolveGrants(listed: Config['grants'] | undefined, validator: Validator): GrantSettings {
  const grants = new Map<string, Grant | ImplicitGrant>()
  const paths = new Map<string, string>()
  for (const [index, grant] of (listed ?? []).entries()) {
    const path = `grants[${index}]`
    // In JavaScript, `isLegacy && passwordGrant()` can be false.
    if (!grant) {
      validator.problem(path, 'must be a grant, such as authorizationCode()')
      continue
    }
    const { type } = grant
    if (paths.has(type)) validator.problem(path, `repeats the grant type ${type}. Remove one of them`)
    const problem = grantProblem(grant)
    if (problem) validator.problem(`${path}.${problem.path}`, problem.message)
    else paths.set(type, path)
    // The sign-in API is not a grant type: clients cannot be registered for it.
    if (!problem && grant.type !== 'sign_in') grants.set(type, grant as Grant | ImplicitGrant)
    checkGrantOptions(path, grant, validator)
  }
  if ((listed ?? []).length === 0)
    validator.problem('grants', 'must list at least one grant, such as authorizationCode()')
  if (grants.size === 1 && grants.has('refresh_token')) {
    validator.problem('grants', 'needs another grant beside refreshToken(), to issue the first token')
  }
  const pathOf = (type: string): string => paths.get(type) ?? 'grants'
  return {
    grants,
    codeLifetime: resolveCodeLifetime(grants, pathOf('authorization_code'), validator),
    deviceCodes: resolveDeviceCodes(grants, pathOf(DEVICE_GRANT), validator),
    refresh: resolveRefresh(grants, pathOf('refresh_token'), validator),
    accessTokenLifetimes: resolveAccessTokenLifetimes(grants, pathOf, validator),
  }
}

type Grants = ReadonlyMap<string, Grant | ImplicitGrant>

type Listed = Config['grants'][number]

/** Grants with options that other parts of the server read. A custom grant of one of these types would lack them. */
const TYPES_WITH_OPTIONS: ReadonlySet<string> = new Set([
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'password',
  'implicit',
  'sign_in',
  DEVICE_GRANT,
])

function grantProblem(grant: Listed): ConfigProblem | undefined {
  const { type } = grant
  if (typeof grant === 'function')
    return { path: 'type', message: 'is missing. Call the function: authorizationCode()' }
  if (type !== 'sign_in' && !isGrantType(type)) return { path: 'type', message: GRANT_TYPE_PROBLEM }
  if (TYPES_WITH_OPTIONS.has(type) && !('options' in grant))
    return { path: 'type', message: 'belongs to a built-in grant. Use a URI of your own for a custom grant' }
  const canDecide =
    type === 'implicit' || type === 'sign_in' || ('decide' in grant && typeof grant.decide === 'function')
  return canDecide ? undefined : { path: 'decide', message: 'must be a function' }
}

function resolveCodeLifetime(grants: Grants, path: string, validator: Validator): number {
  const grant = grants.get('authorization_code') as AuthorizationCodeGrant | undefined
  return validator.duration(`${path}.codeLifetime`, grant?.options.codeLifetime ?? '60s')
}

function resolveDeviceCodes(grants: Grants, path: string, validator: Validator): DeviceCodeSettings {
  const { lifetime = '10m', interval = '5s' } =
    (grants.get(DEVICE_GRANT) as DeviceCodeGrant | undefined)?.options ?? {}
  const settings = {
    lifetime: validator.duration(`${path}.lifetime`, lifetime),
    interval: validator.duration(`${path}.interval`, interval),
  }
  if (settings.interval > 0 && settings.interval < 1000)
    validator.problem(`${path}.interval`, 'must be at least 1 second')
  if (settings.lifetime > 0 && settings.lifetime <= settings.interval)
    validator.problem(`${path}.lifetime`, 'must be longer than the interval')
  return settings
}

/** Built-in grants have it among their options, others beside their type. */
function resolveAccessTokenLifetimes(
  grants: Grants,
  pathOf: (type: string) => string,
  validator: Validator,
): ReadonlyMap<string, number> {
  const lifetimes = new Map<string, number>()
  for (const [type, grant] of grants) {
    const { options } = grant as { readonly options?: object }
    const { accessTokenLifetime: lifetime }: Lifetime = TYPES_WITH_OPTIONS.has(type) ? (options ?? {}) : grant
    if (lifetime !== undefined)
      lifetimes.set(type, validator.duration(`${pathOf(type)}.accessTokenLifetime`, lifetime))
  }
  return lifetimes
}

interface Lifetime {
  readonly accessTokenLifetime?: Duration
}

/** The options of both kinds of refresh tokens. */
interface RefreshOptions {
  readonly lifetime: Duration
  readonly maximumLifetime: Duration | undefined
  readonly graceWindow: Duration | undefined
}

/** Checks the lifetimes of refresh tokens, at a path such as `grants[1]`. */
export function resolveRefreshLifetimes(
  path: string,
  { lifetime, maximumLifetime: maximum, graceWindow = '60s' }: RefreshOptions,
  validator: Validator,
): Omit<RefreshPolicy, 'rotation'> {
  const grace = parseDuration(graceWindow)
  if (grace === undefined)
    validator.problem(`${path}.graceWindow`, "must be a duration such as '60s', or 0 to turn it off")
  return {
    lifetime: validator.duration(`${path}.lifetime`, lifetime),
    maximum: maximum === undefined ? null : validator.duration(`${path}.maximumLifetime`, maximum),
    graceWindow: grace ?? 0,
  }
}

function resolveRefresh(grants: Grants, path: string, validator: Validator): RefreshPolicy | undefined {
  const grant = grants.get('refresh_token') as RefreshTokenGrant | undefined
  if (!grant) return undefined
  const { lifetime = '30d', maximumLifetime, graceWindow, rotation = 'always' } = grant.options
  return {
    ...resolveRefreshLifetimes(path, { lifetime, maximumLifetime, graceWindow }, validator),
    rotation: validator.oneOf(`${path}.rotation`, rotation, ['always', 'public']),
  }
}

/** A grant that only apps that cannot be changed yet should use. */
export interface LegacyGrant {
  readonly grant: string
  /** Why new apps must not use it. */
  readonly reason: string
  /** What to use instead. */
  readonly replacement: string
}

const LEGACY_GRANTS: readonly LegacyGrant[] = [
  {
    grant: 'password',
    reason: 'apps see passwords, and users get used to entering them anywhere (RFC 9700 section 2.4)',
    replacement: 'authorizationCode() with PKCE, which sends users to the sign-in page',
  },
  {
    grant: 'implicit',
    reason: 'tokens in URLs leak and can be injected (RFC 9700 section 2.1.2)',
    replacement: 'authorizationCode() with PKCE, which works in browsers too',
  },
]

/** Returns the enabled grants that new apps must not use. */
export const findLegacyGrants = ({ grants }: Pick<GrantSettings, 'grants'>): readonly LegacyGrant[] =>
  LEGACY_GRANTS.filter(({ grant }) => grants.has(grant))
