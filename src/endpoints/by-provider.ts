import { accountPagesOf } from '../config/account-pages.ts'
import type { Settings } from '../config/settings.ts'
import type { HttpResponse } from '../lib/http.ts'
import type { AccountPage } from '../model/account-page.ts'
import { DEVICE_GRANT } from '../model/device-code.ts'
import type { PlainRouteName, RouteName } from '../model/route-name.ts'
import { showAccount } from './account/account.ts'
import { listAppTokens, revokeAppToken } from './account/app-tokens.ts'
import { postConnectedApps, showConnectedApps } from './account/connected-apps.ts'
import { denyDevice, postDevice, showDevice } from './account/device.ts'
import { postDevices, showDevices } from './account/devices.ts'
import { postPassword, showPassword } from './account/password.ts'
import {
  createPersonalToken,
  deletePersonalToken,
  listPersonalTokens,
} from './account/personal-tokens-api.ts'
import { postPersonalTokens, showPersonalTokens } from './account/personal-tokens.ts'
import { renewApiCookie } from './auth/api-cookie.ts'
import { forgotPassword, postForgotPassword, showForgotPassword } from './auth/forgot-password.ts'
import { postResetPassword, showResetPassword } from './auth/reset-password.ts'
import { showSignIn, signIn } from './auth/sign-in.ts'
import { showSignOut, signOut } from './auth/sign-out.ts'
import { endpoint, on, type CorsPolicy, type Endpoint, type Exchange, type Handler } from './endpoint.ts'
import { ID, providerPathsOf, type ProviderPaths } from './paths.ts'
import { login } from './sign-in-api/login.ts'
import {
  createUserApp,
  deleteUserApp,
  listUserApps,
  rotateUserAppSecret,
  updateUserApp,
} from './user-apps/api.ts'
import { postDeveloper, showDeveloper } from './user-apps/developer.ts'

type ProviderHandler = (exchange: Exchange, provider: string) => HttpResponse | Promise<HttpResponse>

/** What the endpoints for users of one provider have in common. */
interface ForProvider {
  readonly paths: ProviderPaths
  /** Returns the name of a route. That of the default provider is plain. */
  readonly named: (name: PlainRouteName) => RouteName
  readonly of: (handle: ProviderHandler) => Handler
  readonly page: (
    name: PlainRouteName,
    path: string,
    show: ProviderHandler,
    post: ProviderHandler,
  ) => Endpoint
}

function forProvider(settings: Settings, provider: string): ForProvider {
  const named: ForProvider['named'] = (name) =>
    provider === settings.provider ? name : `${name} (${provider})`
  const of: ForProvider['of'] = (handle) => (exchange) => handle(exchange, provider)
  return {
    paths: providerPathsOf(settings, provider),
    named,
    of,
    page: (name, path, show, post) =>
      endpoint(named(name), path, { GET: of(show), POST: of(post) }, 'none', 'page'),
  }
}

/** Which origins may read the JSON APIs for signed-in users. */
export const ownAppsOf = ({ apiCookie }: Settings): CorsPolicy => (apiCookie ? 'api-cookie' : 'none')

/** Returns the pages and JSON APIs for users of one provider who sign in on the server's pages. */
export function providerEndpoints(settings: Settings, provider: string): readonly Endpoint[] {
  const { paths, named, of, page } = forProvider(settings, provider)
  const cors = ownAppsOf(settings)
  const device = { GET: of(showDevice), POST: of(postDevice), DELETE: of(denyDevice) }
  const tokens = { GET: of(listPersonalTokens), POST: of(createPersonalToken) }
  const tokenById = { DELETE: of(deletePersonalToken) }
  const appToken = { DELETE: of(revokeAppToken) }
  return [
    page('login', paths.signIn, showSignIn, signIn),
    page('logout', paths.signOut, showSignOut, signOut),
    ...on(settings.grants.has(DEVICE_GRANT), () => [
      endpoint(named('device'), paths.device, device, 'none', 'page'),
    ]),
    ...on(settings.personalTokens !== undefined, () => [
      endpoint(named('personal tokens'), paths.personalTokens, tokens, cors, 'json'),
      endpoint(named('personal token'), `${paths.personalTokens}/${ID}`, tokenById, cors, 'json'),
    ]),
    ...on(settings.userApps !== undefined, () => userAppEndpoints(settings, provider)),
    endpoint(named('app tokens'), paths.authorizations, { GET: of(listAppTokens) }, cors, 'json'),
    endpoint(named('app token'), `${paths.authorizations}/${ID}`, appToken, cors, 'json'),
    ...accountEndpoints(settings, provider),
  ]
}

/** Returns the JSON API with which users manage their own apps. */
function userAppEndpoints(settings: Settings, provider: string): readonly Endpoint[] {
  const { paths, named, of } = forProvider(settings, provider)
  const path = paths.userApps
  const cors = ownAppsOf(settings)
  const apps = { GET: of(listUserApps), POST: of(createUserApp) }
  const app = { PUT: of(updateUserApp), DELETE: of(deleteUserApp) }
  const secret = { POST: of(rotateUserAppSecret) }
  return [
    endpoint(named('user apps'), path, apps, cors, 'json'),
    endpoint(named('user app'), `${path}/${ID}`, app, cors, 'json'),
    endpoint(named('user app secret'), `${path}/${ID}/secret`, secret, cors, 'json'),
  ]
}

/** Returns the pages on which users manage their account. */
function accountEndpoints(settings: Settings, provider: string): readonly Endpoint[] {
  const { paths, named, of, page } = forProvider(settings, provider)
  const pages: Readonly<Record<AccountPage, Endpoint>> = {
    devices: page('devices page', paths.devicesPage, showDevices, postDevices),
    password: page('password page', paths.passwordPage, showPassword, postPassword),
    apps: page('apps page', paths.appsPage, showConnectedApps, postConnectedApps),
    tokens: page('tokens page', paths.tokensPage, showPersonalTokens, postPersonalTokens),
    developer: page('developer page', paths.developerPage, showDeveloper, postDeveloper),
  }
  const available = accountPagesOf(settings, provider).map((name) => pages[name])
  const account = endpoint(named('account'), paths.account, { GET: of(showAccount) }, 'none', 'page')
  return available.length > 0 ? [account, ...available] : []
}

/** Returns the endpoint where single-page apps renew the API cookie. */
export function apiCookieEndpoint(settings: Settings, provider: string): Endpoint {
  const { paths, named, of } = forProvider(settings, provider)
  return endpoint(named('api cookie'), paths.apiCookie, { POST: of(renewApiCookie) }, 'api-cookie', 'json')
}

/** Returns the endpoint where apps sign users in. The rest of the sign-in API knows the provider by the token. */
export function apiLoginEndpoint(settings: Settings, provider: string): Endpoint {
  const { paths, named, of } = forProvider(settings, provider)
  return endpoint(named('api login'), paths.apiLogin, { POST: of(login) }, 'sign-in', 'json')
}

/** Returns the endpoints where users and apps ask for a link to reset a password, and the page of that link. */
export function passwordResetEndpoints(settings: Settings, provider: string): readonly Endpoint[] {
  const { paths, named, of, page } = forProvider(settings, provider)
  const forgot = { POST: of(forgotPassword) }
  return [
    page('forgot password', paths.forgotPassword, showForgotPassword, postForgotPassword),
    page('reset password', paths.resetPassword, showResetPassword, postResetPassword),
    endpoint(named('api forgot password'), paths.apiForgotPassword, forgot, 'sign-in', 'json'),
  ]
}
