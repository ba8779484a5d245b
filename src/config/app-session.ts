import { type OptionNames, type Validator } from '../lib/validator.ts'
import { isPrivateTransport } from '../model/issuer.ts'
import type { AppSession } from '../users/provider.ts'
import type { Config } from './config.ts'

/** How the users of one provider sign in to the app, with absolute URLs. */
export interface AppSessionSettings {
  readonly signInUrl: string
  /** Undefined if our sign-out ends with our own page. */
  readonly signOutUrl: string | undefined
  /** Undefined if the app starts our sessions itself. */
  readonly current: AppSession['current'] | undefined
}

/** Checks the option `appSession` of all providers. Returns the settings by provider. */
export function resolveAppSessions(
  { users, provider = 'users', providers = {} }: Partial<Config>,
  issuer: string,
  validator: Validator,
): ReadonlyMap<string, AppSessionSettings> {
  const all: readonly (readonly [string, string, unknown])[] = [
    [provider, 'users', users],
    ...Object.entries(providers).map(([name, other]) => [name, `providers.${name}`, other] as const),
  ]
  return new Map(
    all.flatMap(([name, path, each]) => {
      const given = appSessionOf(each)
      return given === undefined ? [] : [[name, resolve(`${path}.appSession`, given, issuer, validator)]]
    }),
  )
}

/** Returns the option of a provider, of whatever type it is. */
export const appSessionOf = (provider: unknown): unknown =>
  typeof provider === 'object' && provider !== null && 'appSession' in provider
    ? provider.appSession
    : undefined

function resolve(path: string, given: unknown, issuer: string, validator: Validator): AppSessionSettings {
  validator.knownOptions(path, given, NAMES)
  const session = (given ?? {}) as Partial<AppSession>
  if (session.current !== undefined && typeof session.current !== 'function')
    validator.problem(`${path}.current`, 'must be a function that returns the signed-in user')
  const { signInUrl, signOutUrl } = session
  return {
    signInUrl: resolveUrl(`${path}.signInUrl`, signInUrl, issuer, validator),
    signOutUrl:
      signOutUrl === undefined ? undefined : resolveUrl(`${path}.signOutUrl`, signOutUrl, issuer, validator),
    current: session.current && ((request, original) => session.current?.(request, original)),
  }
}

const NAMES: OptionNames<AppSession> = { signInUrl: true, signOutUrl: true, current: true }

/** Returns the absolute URL of a page of the app. Its path may be given alone. */
function resolveUrl(path: string, given: unknown, issuer: string, validator: Validator): string {
  const url = typeof given === 'string' && URL.canParse(given, issuer) ? new URL(given, issuer) : undefined
  const isAbsolute = typeof given === 'string' && /^https?:\/\/[^\s\\]+$/i.test(given)
  const isPath = typeof given === 'string' && /^\/(?![/\\])[^\s\\]*$/.test(given)
  if (!url || !(isAbsolute || isPath)) {
    validator.problem(path, "must be a URL, or a path on the issuer's origin such as '/sign-in'")
    return issuer
  }
  if (!isPrivateTransport(url)) validator.problem(path, 'must use https (http is allowed for localhost only)')
  if (url.username !== '' || url.password !== '' || url.hash !== '')
    validator.problem(path, 'must not have a user name, password or fragment')
  if (url.searchParams.has('return_to')) validator.problem(path, 'must not have the parameter return_to')
  return url.href
}
