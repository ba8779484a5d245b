import { accountPagesOf } from '../config/account-pages.ts'
import type { Settings } from '../config/settings.ts'
import { showAccount } from './account/account.ts'
import { listAppTokens, revokeAppToken } from './account/app-tokens.ts'
import { postConnectedApps, showConnectedApps } from './account/connected-apps.ts'
import { postDeveloper, showDeveloper } from './user-apps/developer.ts'
import { denyDevice, postDevice, showDevice } from './account/device.ts'
import { postDevices, showDevices } from './account/devices.ts'
import {
  createPersonalToken,
  deletePersonalToken,
  listPersonalTokens,
} from './account/personal-tokens-api.ts'
import { postPassword, showPassword } from './account/password.ts'
import { postPersonalTokens, showPersonalTokens } from './account/personal-tokens.ts'
import { scopes } from './account/scopes.ts'
import {
  createUserApp,
  deleteUserApp,
  listUserApps,
  rotateUserAppSecret,
  updateUserApp,
} from './user-apps/api.ts'
import { renewApiCookie } from './auth/api-cookie.ts'
import { forgotPassword, postForgotPassword, showForgotPassword } from './auth/forgot-password.ts'
import { postResetPassword, resetPassword, showResetPassword } from './auth/reset-password.ts'
import { showSignIn, signIn } from './auth/sign-in.ts'
import { showSignOut, signOut } from './auth/sign-out.ts'
import type { HttpResponse } from '../lib/http.ts'
import { DEVICE_GRANT } from '../model/device-code.ts'
import type { AccountPage } from '../model/account-page.ts'
import type { PlainRouteName, RouteName } from '../model/route-name.ts'
import { responseTypesOf } from '../model/response-type.ts'
import type { CorsPolicy, Endpoint, Exchange, Handler } from './endpoint.ts'
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
import { handle } from './handle.ts'
import { showPageData } from './page-data.ts'
import { ID, pathsOf, providerPathsOf } from './paths.ts'
import { createProbes } from './probes.ts'
import { listDevices, logoutAll, logoutOthers, signOutDevice } from './sign-in-api/devices.ts'
import { login } from './sign-in-api/login.ts'
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

const on = (isOn: boolean, list: () => readonly Endpoint[]): readonly Endpoint[] => (isOn ? list() : [])

/** Returns the endpoint where single-page apps renew the API cookie of a provider's users. */
const apiCookieEndpoint = (settings: Settings, provider: string): Endpoint =>
  endpoint(
    namesOf(settings, provider)('api cookie'),
    providerPathsOf(settings, provider).apiCookie,
    { POST: handlersOf(provider)(renewApiCookie) },
    'api-cookie',
    'json',
  )

/** Which origins may read the JSON APIs for signed-in users. */
const ownAppsOf = ({ apiCookie }: Settings): CorsPolicy => (apiCookie ? 'api-cookie' : 'none')

/** Returns the endpoints of the sign-in API. Only the sign-in itself needs to know the provider. */
function signInEndpoints(settings: Settings): readonly Endpoint[] {
  const { api } = pathsOf(settings)
  const { providers } = settings
  const post = (name: RouteName, path: string, handler: Handler): Endpoint =>
    endpoint(name, path, { POST: handler }, 'sign-in', 'json')
  return [
    ...providers.map((provider) =>
      post(
        namesOf(settings, provider)('api login'),
        providerPathsOf(settings, provider).apiLogin,
        handlersOf(provider)(login),
      ),
    ),
    post('api refresh', api.refresh, refresh),
    post('api logout', api.logout, logout),
    post('api logout others', api.logoutOthers, logoutOthers),
    post('api logout all', api.logoutAll, logoutAll),
    endpoint('api devices', api.devices, { GET: listDevices }, 'sign-in', 'json'),
    ...on(settings.passwordProviders.size > 0, () => [post('api password', api.password, changePassword)]),
    endpoint('api device', `${api.devices}/${ID}`, { DELETE: signOutDevice }, 'sign-in', 'json'),
  ]
}

/** Returns the endpoints for forgotten passwords. */
function resetEndpoints(settings: Settings): readonly Endpoint[] {
  const reset = { POST: resetPassword }
  const providers = settings.providers.filter((provider) => settings.passwordProviders.has(provider))
  return [
    ...providers.flatMap((provider) => {
      const paths = providerPathsOf(settings, provider)
      const [of, named] = [handlersOf(provider), namesOf(settings, provider)]
      const forgotPage = { GET: of(showForgotPassword), POST: of(postForgotPassword) }
      const resetPage = { GET: of(showResetPassword), POST: of(postResetPassword) }
      const forgot = { POST: of(forgotPassword) }
      return [
        endpoint(named('forgot password'), paths.forgotPassword, forgotPage, 'none', 'page'),
        endpoint(named('reset password'), paths.resetPassword, resetPage, 'none', 'page'),
        endpoint(named('api forgot password'), paths.apiForgotPassword, forgot, 'sign-in', 'json'),
      ]
    }),
    endpoint('api reset password', pathsOf(settings).api.resetPassword, reset, 'sign-in', 'json'),
  ]
}

const namesOf =
  (settings: Settings, provider: string) =>
  (name: PlainRouteName): RouteName =>
    provider === settings.provider ? name : `${name} (${provider})`

/** Returns the endpoints for users of one provider. */
function providerEndpoints(settings: Settings, provider: string): readonly Endpoint[] {
  const paths = providerPathsOf(settings, provider)
  const named = namesOf(settings, provider)
  const of = handlersOf(provider)
  const cors = ownAppsOf(settings)
  const tokens = { GET: of(listPersonalTokens), POST: of(createPersonalToken) }
  const tokenById = { DELETE: of(deletePersonalToken) }
  const device = { GET: of(showDevice), POST: of(postDevice), DELETE: of(denyDevice) }
  return [
    endpoint(named('login'), paths.signIn, { GET: of(showSignIn), POST: of(signIn) }, 'none', 'page'),
    endpoint(named('logout'), paths.signOut, { GET: of(showSignOut), POST: of(signOut) }, 'none', 'page'),
    ...on(settings.grants.has(DEVICE_GRANT), () => [
      endpoint(named('device'), paths.device, device, 'none', 'page'),
    ]),
    ...on(settings.personalTokens !== undefined, () => [
      endpoint(named('personal tokens'), paths.personalTokens, tokens, cors, 'json'),
      endpoint(named('personal token'), `${paths.personalTokens}/${ID}`, tokenById, cors, 'json'),
    ]),
    ...on(settings.userApps !== undefined, () => userAppEndpoints(settings, provider)),
    endpoint(named('app tokens'), paths.authorizations, { GET: of(listAppTokens) }, cors, 'json'),
    endpoint(
      named('app token'),
      `${paths.authorizations}/${ID}`,
      { DELETE: of(revokeAppToken) },
      cors,
      'json',
    ),
    ...accountEndpoints(settings, provider, named),
  ]
}

/** Returns the JSON API with which users of one provider manage their own apps. */
function userAppEndpoints(settings: Settings, provider: string): readonly Endpoint[] {
  const { userApps: path } = providerPathsOf(settings, provider)
  const [of, named] = [handlersOf(provider), namesOf(settings, provider)]
  const cors = ownAppsOf(settings)
  const apps = { GET: of(listUserApps), POST: of(createUserApp) }
  const app = { PUT: of(updateUserApp), DELETE: of(deleteUserApp) }
  return [
    endpoint(named('user apps'), path, apps, cors, 'json'),
    endpoint(named('user app'), `${path}/${ID}`, app, cors, 'json'),
    endpoint(
      named('user app secret'),
      `${path}/${ID}/secret`,
      { POST: of(rotateUserAppSecret) },
      cors,
      'json',
    ),
  ]
}

/** Returns the pages on which users of one provider manage their account. */
function accountEndpoints(
  settings: Settings,
  provider: string,
  named: (name: PlainRouteName) => RouteName,
): readonly Endpoint[] {
  const paths = providerPathsOf(settings, provider)
  const of = handlersOf(provider)
  const page = (name: PlainRouteName, path: string, show: ProviderHandler, post: ProviderHandler): Endpoint =>
    endpoint(named(name), path, { GET: of(show), POST: of(post) }, 'none', 'page')
  const pages: Readonly<Record<AccountPage, Endpoint>> = {
    devices: page('devices page', paths.devicesPage, showDevices, postDevices),
    password: page('password page', paths.passwordPage, showPassword, postPassword),
    apps: page('apps page', paths.appsPage, showConnectedApps, postConnectedApps),
    tokens: page('tokens page', paths.tokensPage, showPersonalTokens, postPersonalTokens),
    developer: page('developer page', paths.developerPage, showDeveloper, postDeveloper),
  }
  const available = accountPagesOf(settings, provider).map((page) => pages[page])
  const account = endpoint(named('account'), paths.account, { GET: of(showAccount) }, 'none', 'page')
  return available.length > 0 ? [account, ...available] : []
}

type ProviderHandler = (exchange: Exchange, provider: string) => HttpResponse | Promise<HttpResponse>

const handlersOf =
  (provider: string) =>
  (handle: ProviderHandler): Handler =>
  (exchange) =>
    handle(exchange, provider)

const endpoint = (
  name: RouteName,
  path: string,
  methods: Endpoint['methods'],
  cors: Endpoint['cors'],
  errors: Endpoint['errors'],
): Endpoint => ({ name, path, methods, cors, errors })

/** Finds the endpoint of a path: an exact match first, then one with an id as its last or second-last segment. */
export function findEndpoint(endpoints: ReadonlyMap<string, Endpoint>, path: string): Endpoint | undefined {
  const last = path.lastIndexOf('/')
  const before = path.lastIndexOf('/', last - 1)
  return (
    endpoints.get(path) ??
    endpoints.get(path.slice(0, last + 1) + ID) ??
    endpoints.get(path.slice(0, before + 1) + ID + path.slice(last))
  )
}

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
