import type { ConfigProblem } from '../errors.ts'
import type { AuthorizationCodeGrant } from '../grants/authorization-code.ts'
import type { ClientCredentialsGrant } from '../grants/client-credentials.ts'
import type { DeviceCodeGrant } from '../grants/device-code.ts'
import type { Grant } from '../grants/grant.ts'
import type { ImplicitGrant } from '../grants/implicit.ts'
import type { RefreshTokenGrant } from '../grants/refresh-token.ts'
import type { RefreshPolicy } from '../issuance/context.ts'
import { parseDuration } from '../lib/duration.ts'
import { DEVICE_GRANT } from '../model/device-code.ts'
import type { Validator } from '../lib/validator.ts'
import { GRANT_TYPE_PROBLEM, isGrantType } from '../model/client.ts'
import type { Config } from './config.ts'
import { checkGrantOptions } from './options.ts'

/** What follows from the grants that are listed. */
export interface GrantSettings {
  /** By type. All but the implicit one decide at the token endpoint. */
  readonly grants: Grants
  /** How long authorization codes live (ms). */
  readonly codeLifetime: number
  readonly deviceCodes: DeviceCodeSettings
  /** Undefined where the refresh grant is not listed: then nobody gets a refresh token. */
  readonly refresh: RefreshPolicy | undefined
}

/** How devices ask for tokens. Times in milliseconds. */
export interface DeviceCodeSettings {
  /** How long device codes and user codes live. */
  readonly lifetime: number
  /** How long a device waits between two polls. */
  readonly interval: number
}

/** Checks the grants and their options. */
export function resolveGrants(listed: Config['grants'] | undefined, validator: Validator): GrantSettings {
  const grants = new Map<string, Grant | ImplicitGrant>()
  const paths = new Map<string, string>()
  for (const [index, grant] of (listed ?? []).entries()) {
    const path = `grants[${index}]`
    // Where nobody compiles, `isLegacy && passwordGrant()` lists nothing at all.
    if (!grant) {
      validator.problem(path, 'is no grant: leave it out')
      continue
    }
    const { type } = grant
    if (grants.has(type)) validator.problem(path, `is the second grant of type ${type}`)
    const problem = problemOf(grant)
    if (problem) validator.problem(`${path}.${problem.path}`, problem.message)
    else grants.set(type, grant)
    checkGrantOptions(path, grant, validator)
    paths.set(type, path)
  }
  if ((listed ?? []).length === 0)
    validator.problem('grants', 'must list at least one grant, such as authorizationCode()')
  if (grants.size === 1 && grants.has('refresh_token')) {
    validator.problem('grants', 'must list a grant beside refreshToken() that gives the first token')
  }
  const pathOf = (type: string): string => paths.get(type) ?? 'grants'
  checkClientCredentials(grants, pathOf('client_credentials'), validator)
  return {
    grants,
    codeLifetime: resolveCodeLifetime(grants, pathOf('authorization_code'), validator),
    deviceCodes: resolveDeviceCodes(grants, pathOf(DEVICE_GRANT), validator),
    refresh: resolveRefresh(grants, pathOf('refresh_token'), validator),
  }
}

type Grants = ReadonlyMap<string, Grant | ImplicitGrant>

/** These have options that other parts of the server follow: to write one of them anew would be to forget those. */
const WITH_OPTIONS: ReadonlySet<string> = new Set([
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'password',
  DEVICE_GRANT,
])

/** What is wrong with a grant, which anybody may have written. */
function problemOf(grant: Grant | ImplicitGrant): ConfigProblem | undefined {
  const { type } = grant
  if (typeof grant === 'function')
    return { path: 'type', message: 'is missing: call it, as in authorizationCode()' }
  if (!isGrantType(type)) return { path: 'type', message: GRANT_TYPE_PROBLEM }
  if (WITH_OPTIONS.has(type) && !('options' in grant))
    return { path: 'type', message: 'is that of a grant of ours: one of your own has a URI of your own' }
  const canDecide = type === 'implicit' || ('decide' in grant && typeof grant.decide === 'function')
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
    validator.problem(`${path}.interval`, 'must be at least a second')
  if (settings.lifetime > 0 && settings.lifetime <= settings.interval)
    validator.problem(`${path}.lifetime`, 'must be longer than the interval')
  return settings
}

function checkClientCredentials(grants: Grants, path: string, validator: Validator): void {
  const grant = grants.get('client_credentials') as ClientCredentialsGrant | undefined
  if (grant?.options.lifetime !== undefined) validator.duration(`${path}.lifetime`, grant.options.lifetime)
}

function resolveRefresh(grants: Grants, path: string, validator: Validator): RefreshPolicy | undefined {
  const grant = grants.get('refresh_token') as RefreshTokenGrant | undefined
  if (!grant) return undefined
  const { lifetime = '30d', maximumLifetime, graceWindow = '60s', rotation = 'always' } = grant.options
  const grace = parseDuration(graceWindow)
  if (grace === undefined) validator.problem(`${path}.graceWindow`, 'must be a duration; 0 turns it off')
  return {
    lifetime: validator.duration(`${path}.lifetime`, lifetime),
    maximum:
      maximumLifetime === undefined ? null : validator.duration(`${path}.maximumLifetime`, maximumLifetime),
    graceWindow: grace ?? 0,
    rotation: validator.oneOf(`${path}.rotation`, rotation, ['always', 'public']),
  }
}
