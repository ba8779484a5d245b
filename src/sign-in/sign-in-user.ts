import { randomUUID } from 'node:crypto'
import { ConfigError, type ConfigProblem } from '../errors.ts'
import { SIGN_IN } from '../model/client.ts'
import { formatScope, resolveScopes, type EVERY_SCOPE, type ScopeRules } from '../model/scope.ts'
import type { UserRef } from '../model/subject.ts'
import { DEVICE_NAME_PROBLEM, isDeviceName } from '../model/device-name.ts'
import { methodProblems } from '../sessions/methods.ts'
import type { UserDirectory } from '../users/directory.ts'
import type { SignInService, SignInTokens } from './sign-in.ts'

/** The device on which your app has signed a user in. */
export interface DeviceSignIn<Scope extends string = string> {
  /** The name that the user sees in the list of devices. Default: derived from `userAgent`. */
  readonly deviceName?: string
  /** The `User-Agent` header of the request. Default: empty. */
  readonly userAgent?: string
  /** The IP address of the device. Default: empty. */
  readonly address?: string
  /** The `device_token` of an earlier sign-in on this device. */
  readonly deviceToken?: string
  /** How the user signed in, as names of RFC 8176: `['otp']`, `['hwk', 'user']`. Default: `[]`, unknown. */
  readonly methods?: readonly string[]
  /** Default: the `scopes` of `signIn()`. */
  readonly scopes?: readonly (Scope | typeof EVERY_SCOPE)[]
}

/** What `signInUser` needs. */
export interface SignInUserServices {
  readonly signIn: SignInService
  readonly userDirectory: Pick<UserDirectory, 'load'>
  /** Undefined if the sign-in API is off. */
  readonly settings: {
    readonly signIn: { readonly scopes: readonly string[] } | undefined
    readonly scopes: ScopeRules
  }
}

/**
 * Signs a user in whose identity the app has verified itself.
 *
 * @throws ConfigError with every problem; if `signIn()` is not in `grants`; if the user is unknown or disabled
 */
export async function signInUser(
  { signIn, userDirectory, settings }: SignInUserServices,
  ref: UserRef,
  { deviceName, userAgent = '', address = '', deviceToken, methods = [], scopes }: DeviceSignIn,
): Promise<SignInTokens> {
  if (!settings.signIn) throw new ConfigError([NOT_ENABLED])
  const allowed = settings.signIn.scopes
  const problems = [
    ...deviceNameProblems(deviceName),
    ...methodProblems(methods),
    ...textProblems({ userAgent, address, deviceToken }),
    ...scopeProblems(settings.scopes, scopes ?? allowed, allowed),
  ]
  if (problems.length > 0) throw new ConfigError(problems)
  const user = await userDirectory.load(ref, SIGN_IN)
  if (!user) throw new ConfigError([{ path: 'user', message: 'does not exist or is disabled' }])
  const device = {
    name: deviceName?.trim(),
    userAgent,
    address: address.slice(0, MAX_ADDRESS_LENGTH),
    methods,
  }
  const requestId = randomUUID()
  const tokens = await signIn.start({ user, device, deviceToken, scopes: scopes ?? allowed, requestId })
  if (tokens) return tokens
  throw new ConfigError([{ path: 'user', message: 'was signed out everywhere in the meantime' }])
}

/** An IPv6 address with a zone has at most 61 characters. */
const MAX_ADDRESS_LENGTH = 100

const NOT_ENABLED: ConfigProblem = { path: 'grants', message: 'must contain signIn() to sign users in' }

const deviceNameProblems = (name: string | undefined): readonly ConfigProblem[] =>
  name === undefined || isDeviceName(name) ? [] : [{ path: 'deviceName', message: DEVICE_NAME_PROBLEM }]

/** Without a compiler, they can be anything. */
const textProblems = (texts: Readonly<Record<string, unknown>>): readonly ConfigProblem[] =>
  Object.entries(texts).flatMap(([path, text]) =>
    text === undefined || typeof text === 'string' ? [] : [{ path, message: 'must be a string' }],
  )

function scopeProblems(
  rules: ScopeRules,
  scopes: readonly string[],
  allowed: readonly string[],
): readonly ConfigProblem[] {
  if (!Array.isArray(scopes)) return [{ path: 'scopes', message: 'must be a list' }]
  const result = resolveScopes(rules, formatScope(scopes), allowed)
  return 'problem' in result ? [{ path: 'scopes', message: `is invalid: ${result.problem}` }] : []
}
