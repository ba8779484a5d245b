import { randomUUID } from 'node:crypto'
import { ConfigError, OAuthError, type ConfigProblem } from '../errors.ts'
import { addressOf, fromRequestLike, type RequestLike } from '../lib/request-like.ts'
import { toSessionInfo, type SessionInfo } from '../model/info.ts'
import type { UserRef } from '../model/subject.ts'
import type { ApiCookies } from '../sessions/api-cookies.ts'
import { setCookieHeaders, type CookieExchange, type CookiePolicy } from '../sessions/cookies.ts'
import { DEVICE_NAME_PROBLEM, isDeviceName } from '../model/device-name.ts'
import type { Devices } from '../sessions/devices.ts'
import { methodProblems } from '../sessions/methods.ts'
import type { UserDirectory } from '../users/directory.ts'
import type { BaseUser } from '../users/provider.ts'
import {
  completeBrowserSignIn,
  startBrowserSession,
  type BrowserSignInServices,
} from './start-browser-session.ts'

/** The browser in which your app has signed a user in. */
export interface StartSessionOptions {
  /** The request that completes the sign-in: its cookies, `User-Agent` and address. */
  readonly request: RequestLike
  /**
   * True to keep the user signed in after the browser is closed, for `keepSignedIn.lifetime`. Has no effect if the
   * configuration has `keepSignedIn: 'off'`. Default false.
   */
  readonly keepSignedIn?: boolean
  /** The name of a new device in the list of devices. Default: derived from the `User-Agent`. */
  readonly deviceName?: string
  /** How the user signed in, as names of RFC 8176: `['otp']`, `['hwk', 'user']`. Default: `[]`, unknown. */
  readonly methods?: readonly string[]
}

/** The response must set these cookies. */
export interface ResponseCookies {
  /** Values of `Set-Cookie` headers, one for each cookie. May be empty. */
  readonly cookies: readonly string[]
}

/** A session that was started, and the cookies that the response must set. */
export interface StartedSession extends ResponseCookies {
  readonly session: SessionInfo
}

/** The user who is signed in to the browser that sent a request. */
export interface CurrentSession<User extends BaseUser = BaseUser> extends StartedSession {
  /** As returned by `find` of the user provider. */
  readonly user: User
}

/** What sessions in browsers need. */
export interface BrowserSessionServices extends BrowserSignInServices {
  readonly devices: Pick<Devices, 'end'>
  readonly apiCookies: Pick<ApiCookies, 'extend'>
  readonly userDirectory: Pick<UserDirectory, 'find' | 'load'>
  readonly settings: {
    readonly cookies: CookiePolicy
    readonly appSessions: ReadonlyMap<string, { readonly current: unknown }>
    readonly trustedProxies: readonly string[]
    /** Undefined if every session ends with the browser. */
    readonly keepSignedIn: object | undefined
  }
}

/**
 * Starts a session in a browser for a user whose identity the app has verified. The user's own session in this browser is
 * renewed, and that of another user is revoked.
 *
 * @throws ConfigError with every problem; if the user is unknown or disabled
 */
export async function startSession(
  services: BrowserSessionServices,
  ref: UserRef,
  { request, keepSignedIn = false, deviceName, methods = [] }: StartSessionOptions,
): Promise<StartedSession> {
  if (services.settings.appSessions.get(ref.provider)?.current) throw new ConfigError([APP_DECIDES])
  const exchange = exchangeOf(services, request)
  const problems = [...optionProblems(keepSignedIn, deviceName), ...methodProblems(methods)]
  if (problems.length > 0) throw new ConfigError(problems)
  const user = await services.userDirectory.load(ref, '')
  if (!user) throw new ConfigError([{ path: 'user', message: 'does not exist or is disabled' }])
  const signIn = {
    user,
    exchange,
    current: await services.sessions.current(exchange, ref.provider),
    isPersistent: keepSignedIn && services.settings.keepSignedIn !== undefined,
    deviceName: deviceName?.trim(),
    address: exchange.address,
    methods,
    requestId: exchange.requestId,
  }
  const session = await startBrowserSession(services, signIn)
  if (!session)
    throw new ConfigError([{ path: 'user', message: 'was signed out everywhere in the meantime' }])
  await completeBrowserSignIn(services, session, signIn)
  return { session: toSessionInfo(session), cookies: cookiesOf(services, exchange) }
}

const APP_DECIDES = {
  path: 'appSession.current',
  message: 'already says who is signed in. Remove it to start sessions with server.sessions.start',
} as const

/** Returns the user who is signed in with a provider. Returns undefined if there is none, or if the user is disabled. */
export async function findCurrentSession(
  services: BrowserSessionServices,
  provider: string,
  request: RequestLike,
): Promise<CurrentSession | undefined> {
  const exchange = exchangeOf(services, request)
  const session = await services.sessions.current(exchange, provider)
  const user = session && (await services.userDirectory.find(session))
  if (!session || !user) return undefined
  services.apiCookies.extend(exchange, session)
  return { user, session: toSessionInfo(session), cookies: cookiesOf(services, exchange) }
}

/**
 * Signs out of one provider in a browser, as the sign-out page does. Does nothing if no user is signed in.
 *
 * Rejects cross-site requests. Browsers leave the session cookie out of a cross-site POST, but send it if the user follows a
 * link.
 *
 * @throws OAuthError `access_denied` if the request is cross-site
 */
export async function endSession(
  services: BrowserSessionServices,
  provider: string,
  request: RequestLike,
): Promise<ResponseCookies> {
  const exchange = exchangeOf(services, request)
  if (exchange.request.header('sec-fetch-site') === 'cross-site') throw crossSite()
  const session = await services.sessions.current(exchange, provider)
  if (session) await services.devices.end(session, 'sign_out', exchange.requestId)
  services.sessions.clearCookie(exchange, provider)
  return { cookies: cookiesOf(services, exchange) }
}

const crossSite = (): OAuthError =>
  new OAuthError('access_denied', 'Sign-out requests must come from this site', {
    detail: 'Sec-Fetch-Site is cross-site',
  })

/** Converts a request of the app to the form that our endpoints use. */
export function exchangeOf(
  { settings }: { readonly settings: Pick<BrowserSessionServices['settings'], 'trustedProxies'> },
  given: RequestLike,
): CookieExchange {
  const request = fromRequestLike(given)
  const address = addressOf(request, settings.trustedProxies)
  return { request, newCookies: new Map(), address, requestId: randomUUID() }
}

const cookiesOf = ({ settings }: BrowserSessionServices, exchange: CookieExchange): readonly string[] =>
  setCookieHeaders(exchange, settings.cookies)

/** From JavaScript, they can be anything. */
function optionProblems(keepSignedIn: unknown, deviceName: unknown): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = []
  if (typeof keepSignedIn !== 'boolean')
    problems.push({ path: 'keepSignedIn', message: 'must be true or false' })
  if (deviceName !== undefined && !(typeof deviceName === 'string' && isDeviceName(deviceName)))
    problems.push({ path: 'deviceName', message: DEVICE_NAME_PROBLEM })
  return problems
}
