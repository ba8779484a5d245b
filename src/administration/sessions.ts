import type { Settings } from '../config/settings.ts'
import { isReturnTo } from '../endpoints/is-return-to.ts'
import type { Services } from '../endpoints/services.ts'
import type { Once } from '../lib/async.ts'
import { toSessionInfo, type SessionInfo } from '../model/info.ts'
import type { RequestLike } from '../lib/request-like.ts'
import {
  endSession,
  findCurrentSession,
  startSession,
  type CurrentSession,
  type ResponseCookies,
  type StartSessionOptions,
  type StartedSession,
} from '../sign-in/browser-sessions.ts'
import { revokeAppSession } from './revoke-app-session.ts'
import { signInUser, type DeviceSignIn } from '../sign-in/sign-in-user.ts'
import type { SignInTokens } from '../sign-in/sign-in.ts'
import type { AnyUser, BaseUser } from '../users/provider.ts'
import { toUserRef, type UserLike } from './user.ts'

/** Of which provider a user is signed in. */
export interface ProviderOptions<Provider extends string = string> {
  /** The name of the user provider. Default: that of `users`. */
  readonly provider?: Provider
}

/** Manages the devices on which users are signed in. */
export interface SessionAdministration<
  Scope extends string = string,
  Main extends string = string,
  Other extends string = string,
  User extends BaseUser = AnyUser,
> {
  /**
   * Lists the devices on which a user is signed in, last seen first. `lastSeenAt` is the last visit of a page or the last
   * refresh of a token of an app that is signed out with the device.
   */
  list(user: UserLike): Promise<readonly SessionInfo[]>
  /**
   * Signs out one device, and revokes the authorizations of clients with `endsWithSession` that were granted on it.
   * Returns whether the session exists, revoked or not.
   */
  revoke(id: string): Promise<boolean>
  /**
   * Signs a user in on a device, after your app has verified who they are: by a passkey, or a link in an email. Returns
   * the response of `POST /auth/login`, to pass on to the device.
   *
   * @throws ConfigError if `signIn()` is not in `grants`, or if the user is unknown or disabled
   */
  signIn(user: UserLike, device?: DeviceSignIn<Scope>): Promise<SignInTokens>
  /**
   * Signs a user in to a browser, after your app has verified who they are: by a passkey, a link in an email or another
   * service. The response must set the returned cookies; all pages of the server then know the user.
   *
   * The user's own session in this browser is renewed, and that of another user is revoked. A cookie from before the sign-in
   * stops working.
   *
   * @throws ConfigError with every problem; if the user is unknown or disabled
   */
  start(user: UserLike, options: StartSessionOptions): Promise<StartedSession>
  /**
   * Returns the user who is signed in to the browser that sent a request, on any route of your app, or undefined. Runs one
   * query, and `find` of the user provider. If `cookies` is not empty, the response must set them: they extend a session
   * that outlives the browser, at most once a minute.
   */
  current(request: RequestLike, options?: ProviderOptions<Main>): Promise<CurrentSession<User> | undefined>
  current(request: RequestLike, options: ProviderOptions<Main | Other>): Promise<CurrentSession | undefined>
  /**
   * Signs a browser out, and revokes the authorizations of clients with `endsWithSession` that were granted in the session.
   * The response must set the returned cookies. Does nothing if no user is signed in.
   *
   * @throws OAuthError `access_denied` if a link or form of another site caused the request (`Sec-Fetch-Site`)
   */
  end(request: RequestLike, options?: ProviderOptions<Main | Other>): Promise<ResponseCookies>
  /**
   * Returns whether a URL is a `return_to` of this server. Your app's sign-in and sign-out pages must check it before they
   * redirect: any other URL may be an attacker's. Once the server has started, forged and expired ones are rejected too.
   */
  isReturnTo(url: unknown): url is string
  /**
   * Signs out the user of a session of your app (`appSession`), and revokes the codes and the authorizations of clients
   * with `endsWithSession` that were granted in it. Call it after your app has ended the session, with the `sessionId`
   * that `appSession.current` returned. Later sign-ins in the same session count again. Also stops a request that is in
   * progress, even if the session was never seen here.
   *
   * @throws ConfigError if the provider has no `appSession.current`, or if the ID is not a string of 1 to 1024
   * characters
   */
  revokeAppSession(sessionId: string, options?: ProviderOptions<Main | Other>): Promise<void>
}

/** Throws `ConfigError` for an unknown provider: from JavaScript, every user would look like a guest. */
function providerOf(
  { settings, userDirectory }: Services,
  { provider = settings.provider }: ProviderOptions,
) {
  userDirectory.provider(provider)
  return provider
}

export function sessionAdministration(start: Once<Services>, settings: Settings): SessionAdministration {
  return {
    isReturnTo: (url): url is string => isReturnTo(settings, start.result(), url),
    async revokeAppSession(sessionId, options = {}) {
      const services = await start()
      await revokeAppSession(services, providerOf(services, options), sessionId)
    },
    async list(user) {
      const services = await start()
      return (await services.devices.list(toUserRef(services, user))).map(toSessionInfo)
    },
    async revoke(id) {
      const { store, devices } = await start()
      const session = await store.sessions.find(id)
      if (session) await devices.end(session, 'revoked_by_app')
      return session !== undefined
    },
    async signIn(user, device = {}) {
      const services = await start()
      return signInUser(services, toUserRef(services, user), device)
    },
    async start(user, options) {
      const services = await start()
      // From JavaScript, the options can be missing. The error then says what they need.
      return startSession(services, toUserRef(services, user), options ?? {})
    },
    async current(request, options = {}) {
      const services = await start()
      return findCurrentSession(services, providerOf(services, options), request)
    },
    async end(request, options = {}) {
      const services = await start()
      return endSession(services, providerOf(services, options), request)
    },
  }
}
