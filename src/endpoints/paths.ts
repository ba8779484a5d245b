import type { HttpRequest } from '../lib/http.ts'
import { METADATA_PATH } from '../model/issuer.ts'

/** The paths of a server's endpoints, within its issuer. */
export interface Paths {
  readonly authorize: string
  readonly token: string
  readonly revoke: string
  readonly introspect: string
  readonly revocations: string
  /** The metrics for Prometheus. */
  readonly metrics: string
  readonly live: string
  readonly ready: string
  /** The endpoint where devices ask for codes (RFC 8628 section 3.1). */
  readonly deviceAuthorization: string
  readonly scopes: string
  /** Where a page of the app reads its props. */
  readonly page: string
  /** The endpoints of the sign-in API for users of all providers. */
  readonly api: {
    readonly refresh: string
    readonly logout: string
    readonly logoutOthers: string
    readonly logoutAll: string
    readonly devices: string
    readonly password: string
    readonly resetPassword: string
  }
  readonly jwks: string
  /** Before the issuer's path, not after it (RFC 8414 section 3.1). */
  readonly metadata: string
}

/** The paths that users of one provider open in a browser. Those of the default provider end without its name. */
export interface ProviderPaths {
  readonly signIn: string
  readonly signOut: string
  /** Where single-page apps renew their API cookie. */
  readonly apiCookie: string
  /** Where apps sign users in with a user name and password. */
  readonly apiLogin: string
  /** Where users enter the code of a device: the `verification_uri` (RFC 8628 section 3.2). */
  readonly device: string
  /** The JSON API for personal access tokens. */
  readonly personalTokens: string
  /** The JSON API for the apps of users. */
  readonly userApps: string
  /** Redirects to the first account page. */
  readonly account: string
  readonly devicesPage: string
  /** The page for users who have forgotten their password. */
  readonly forgotPassword: string
  /** Where the link for a forgotten password leads. */
  readonly resetPassword: string
  /** Where apps ask for such a link. */
  readonly apiForgotPassword: string
  /** The page for a new password. */
  readonly passwordPage: string
  /** The page of connected apps. */
  readonly appsPage: string
  /** The JSON API for the authorizations of connected apps. */
  readonly authorizations: string
  /** The page for personal access tokens. */
  readonly tokensPage: string
  /** The page for the apps of users. */
  readonly developerPage: string
}

/** Returns the paths below the issuer's path and the prefix. */
export const pathsOf = ({ basePath, prefix }: { basePath: string; prefix: string }): Paths => ({
  authorize: `${basePath}${prefix}/authorize`,
  token: `${basePath}${prefix}/token`,
  revoke: `${basePath}${prefix}/revoke`,
  introspect: `${basePath}${prefix}/introspect`,
  revocations: `${basePath}${prefix}/revocations`,
  metrics: `${basePath}${prefix}/metrics`,
  live: `${basePath}${prefix}/health/live`,
  ready: `${basePath}${prefix}/health/ready`,
  deviceAuthorization: `${basePath}${prefix}/device/code`,
  scopes: `${basePath}${prefix}/scopes`,
  page: `${basePath}${prefix}/page`,
  api: {
    refresh: `${basePath}/auth/refresh`,
    logout: `${basePath}/auth/logout`,
    logoutOthers: `${basePath}/auth/logout-others`,
    logoutAll: `${basePath}/auth/logout-all`,
    devices: `${basePath}/auth/devices`,
    password: `${basePath}/auth/password`,
    resetPassword: `${basePath}/auth/reset-password`,
  },
  jwks: `${basePath}/.well-known/jwks.json`,
  metadata: METADATA_PATH + basePath,
})

/** Returns the paths for users of a provider. */
export function providerPathsOf(
  { basePath, prefix, provider: defaultProvider }: { basePath: string; prefix: string; provider: string },
  provider: string,
): ProviderPaths {
  const end = provider === defaultProvider ? '' : `/${provider}`
  return {
    signIn: `${basePath}/login${end}`,
    signOut: `${basePath}/logout${end}`,
    apiCookie: `${basePath}${prefix}/token/refresh${end}`,
    apiLogin: `${basePath}/auth/login${end}`,
    device: `${basePath}${prefix}/device${end}`,
    personalTokens: `${basePath}${prefix}/personal-access-tokens${end}`,
    userApps: `${basePath}${prefix}/clients${end}`,
    account: `${basePath}/account${end}`,
    devicesPage: `${basePath}/account/devices${end}`,
    forgotPassword: `${basePath}/forgot-password${end}`,
    resetPassword: `${basePath}/reset-password${end}`,
    apiForgotPassword: `${basePath}/auth/forgot-password${end}`,
    passwordPage: `${basePath}/account/password${end}`,
    appsPage: `${basePath}/account/apps${end}`,
    authorizations: `${basePath}${prefix}/tokens${end}`,
    tokensPage: `${basePath}/account/tokens${end}`,
    developerPage: `${basePath}/account/developer${end}`,
  }
}

/** Returns a path with query parameters, if there are any. */
export function withQuery(path: string, query: Readonly<Record<string, string>>): string {
  const text = new URLSearchParams(query).toString()
  return text === '' ? path : `${path}?${text}`
}

/** Returns the link to reset a password with a token: on the issuer, whatever the `Host` of a request says. */
export const resetUrl = (
  settings: { issuer: string; basePath: string; prefix: string; provider: string },
  provider: string,
  token: string,
): string =>
  new URL(`${providerPathsOf(settings, provider).resetPassword}?token=${token}`, settings.issuer).href

/** Stands for the id in an endpoint's path: its last or second-last segment. */
export const ID = '{id}'

/** Returns the id in the path of a request, as sent, or as the app has rewritten the path. */
export function idIn({ request: { path: sent, routedPath = sent }, path }: IdRequest): string {
  const [prefix = '', suffix = ''] = path.split(ID)
  const matched = sent.startsWith(prefix) && sent.endsWith(suffix) ? sent : routedPath
  return matched.slice(prefix.length, matched.length - suffix.length)
}

/** A request for an endpoint whose path contains `ID`. */
interface IdRequest {
  readonly request: Pick<HttpRequest, 'path' | 'routedPath'>
  /** The path of the endpoint. */
  readonly path: string
}
