import type { Validator } from '../lib/validator.ts'
import { isPrivateTransport } from '../model/issuer.ts'

/** Checks a list of web origins: https, or http on a loopback address. */
export const resolveWebOrigins = (
  path: string,
  origins: readonly string[],
  validator: Validator,
): ReadonlySet<string> => checkOrigins(path, origins, validator, isWebOrigin)

/** Checks a list of origins. Apps in a web view have their own scheme: `capacitor://localhost`. */
export const resolveAppOrigins = (
  path: string,
  origins: readonly string[],
  validator: Validator,
): ReadonlySet<string> =>
  checkOrigins(path, origins, validator, (url, origin) => !isWeb(url) || isWebOrigin(url, origin))

/** Returns the origins to which the sign-out page may return. The server's own is always one of them. */
export const resolveReturnOrigins = (
  issuer: string,
  origins: readonly string[],
  validator: Validator,
): ReadonlySet<string> =>
  new Set([new URL(issuer).origin, ...resolveWebOrigins('returnOrigins', origins, validator)])

type OriginCheck = (url: URL, origin: string) => boolean

function checkOrigins(
  path: string,
  origins: readonly string[],
  validator: Validator,
  isAllowed: OriginCheck,
): ReadonlySet<string> {
  const listed = listIn(path, origins, validator)
  for (const [index, origin] of listed.entries()) {
    if (!isOrigin(origin, isAllowed))
      validator.problem(
        `${path}[${index}]`,
        "must be an origin without a path, such as 'https://app.example.com' (http is allowed for localhost only)",
      )
  }
  return new Set(listed)
}

/** From JavaScript, a list can be anything. */
export function listIn(path: string, list: readonly string[], validator: Validator): readonly string[] {
  const given: unknown = list
  if (Array.isArray(given)) return list
  validator.problem(path, 'must be an array')
  return []
}

function isOrigin(origin: unknown, isAllowed: OriginCheck): boolean {
  if (typeof origin !== 'string' || !/^[a-z][a-z0-9+.-]*:\/\/[^/?#@\s*]+$/.test(origin)) return false
  return URL.canParse(origin) && isAllowed(new URL(origin), origin)
}

const isWeb = ({ protocol }: URL): boolean => protocol === 'https:' || protocol === 'http:'

const isWebOrigin: OriginCheck = (url, origin) =>
  isWeb(url) && url.origin === origin && isPrivateTransport(url)
