import type { Settings } from '../config/settings.ts'
import { DEVICE_GRANT } from '../model/device-code.ts'
import { responseTypesOf } from '../model/response-type.ts'
import type { RouteName } from '../model/route-name.ts'
import { scopes } from './account/scopes.ts'
import { resetPassword } from './auth/reset-password.ts'
import { endpoint, on, type CorsPolicy, type Endpoint, type Handler } from './endpoint.ts'
import { findEndpoint } from './find.ts'
import { handle } from './handle.ts'
import { authorize, postAuthorize } from './oauth/authorize.ts'
import { deny } from './oauth/consent.ts'
import { deviceAuthorization } from './oauth/device-authorization.ts'
import { introspect } from './oauth/introspect.ts'
import { jwks, metadata } from './oauth/metadata.ts'
import { metrics } from './oauth/metrics.ts'
import { resourceEndpoints } from './oauth/resource-metadata.ts'
import { revocations } from './oauth/revocations.ts'
import { revoke } from './oauth/revoke.ts'
import { token } from './oauth/token.ts'
import { showPageData } from './page-data.ts'
import { ID, pathsOf } from './paths.ts'
import { createProbes } from './probes.ts'
import {
  apiCookieEndpoint,
  apiLoginEndpoint,
  passwordResetEndpoints,
  ownAppsOf,
  providerEndpoints,
} from './by-provider.ts'
import { listDevices, logoutAll, logoutOthers, signOutDevice } from './sign-in-api/devices.ts'
import { logout } from './sign-in-api/logout.ts'
import { changePassword } from './sign-in-api/password.ts'
import { refresh } from './sign-in-api/refresh.ts'

/** Returns the endpoints that the settings turn on. */
export function createEndpoints(settings: Settings): readonly Endpoint[] {
  const paths = pathsOf(settings)
  const { grants, providers } = settings
  const authorization = { GET: authorize, POST: postAuthorize, DELETE: deny }
  const device = { POST: deviceAuthorization }
  const endpoints: Endpoint[] = [
    ...on(responseTypesOf(grants).length > 0, () => [
      endpoint('authorize', paths.authorize, authorization, 'none', 'page'),
    ]),
    ...on(grants.has(DEVICE_GRANT), () => [
      endpoint('device authorization', paths.deviceAuthorization, device, 'clients', 'json'),
    ]),
    ...on(settings.hasSignInPages, () =>
      providers.flatMap((provider) => providerEndpoints(settings, provider)),
    ),
    ...on(settings.personalTokens !== undefined || settings.userApps !== undefined, () => [
      endpoint('scopes', paths.scopes, { GET: scopes }, ownAppsOf(settings), 'json'),
    ]),
    ...on(settings.apiCookie !== undefined, () =>
      providers.map((provider) => apiCookieEndpoint(settings, provider)),
    ),
    ...on(settings.signIn !== undefined, () => signInEndpoints(settings)),
    ...on(settings.passwordReset !== undefined, () => resetEndpoints(settings)),
    endpoint('token', paths.token, { POST: token }, 'clients', 'json'),
    endpoint('revoke', paths.revoke, { POST: revoke }, 'clients', 'json'),
    endpoint('introspect', paths.introspect, { POST: introspect }, 'none', 'json'),
    endpoint('revocations', paths.revocations, { GET: revocations }, 'none', 'json'),
    ...on(Boolean(settings.metrics?.tokenHashes.length), () => [
      endpoint('metrics', paths.metrics, { GET: metrics }, 'none', 'json'),
    ]),
    endpoint('metadata', paths.metadata, { GET: metadata }, 'any', 'json'),
    endpoint('jwks', paths.jwks, { GET: jwks }, 'any', 'json'),
    ...resourceEndpoints(settings),
  ]
  const byPath = new Map(endpoints.map((one) => [one.path, one]))
  const pageData = showPageData((path) => findEndpoint(byPath, path), handle)
  const page = endpoint('page', paths.page, { GET: pageData }, 'none', 'json')
  const all = [...endpoints, ...on(settings.pages.hasOwn, () => [page])]
  return all.filter(({ name }) => !settings.routesOff.has(name))
}

/** Returns the endpoints of the sign-in API. Only the sign-in itself needs to know the provider. */
function signInEndpoints(settings: Settings): readonly Endpoint[] {
  const { api } = pathsOf(settings)
  const { providers } = settings
  const post = (name: RouteName, path: string, handler: Handler): Endpoint =>
    endpoint(name, path, { POST: handler }, 'sign-in', 'json')
  return [
    ...providers.map((provider) => apiLoginEndpoint(settings, provider)),
    post('api refresh', api.refresh, refresh),
    post('api logout', api.logout, logout),
    post('api logout others', api.logoutOthers, logoutOthers),
    post('api logout all', api.logoutAll, logoutAll),
    endpoint('api devices', api.devices, { GET: listDevices }, 'sign-in', 'json'),
    ...on(settings.passwordProviders.size > 0, () => [post('api password', api.password, changePassword)]),
    endpoint('api device', `${api.devices}/${ID}`, { DELETE: signOutDevice }, 'sign-in', 'json'),
  ]
}

/** Returns the endpoints for forgotten passwords. A token is for one user, so where it is spent needs no provider. */
const resetEndpoints = (settings: Settings): readonly Endpoint[] => [
  ...settings.providers
    .filter((provider) => settings.passwordProviders.has(provider))
    .flatMap((provider) => passwordResetEndpoints(settings, provider)),
  endpoint(
    'api reset password',
    pathsOf(settings).api.resetPassword,
    { POST: resetPassword },
    'sign-in',
    'json',
  ),
]

/** One route of the server. */
export interface Route {
  readonly name: string
  readonly path: string
  /** HEAD is answered if GET is, OPTIONS always. */
  readonly methods: readonly string[]
  /** Which other origins may read responses: any, those of public clients, of `signIn()` or of `apiCookie`, or none. */
  readonly cors: CorsPolicy
}

/** Lists the routes that the settings turn on, health probes included. */
export const routesOf = (settings: Settings): readonly Route[] => [
  ...createEndpoints(settings).map(({ name, path, methods, cors }) => ({
    name,
    path,
    methods: Object.keys(methods),
    cors,
  })),
  ...createProbes(settings).map(({ name, path }) => ({
    name,
    path,
    methods: ['GET'],
    cors: 'none' as const,
  })),
]
