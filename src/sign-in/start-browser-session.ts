import type { Emission } from '../events.ts'
import type { Session } from '../model/session.ts'
import type { UserRef } from '../model/subject.ts'
import type { CookieExchange } from '../sessions/cookies.ts'
import type { Csrf } from '../sessions/csrf.ts'
import type { DeviceCookies } from '../sessions/device-cookie.ts'
import type { Devices } from '../sessions/devices.ts'
import type { DeviceTokens } from '../sessions/device-tokens.ts'
import { sessionStarted } from '../sessions/session-started.ts'
import type { SessionLimit } from '../sessions/session-limit.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { LoadedUser } from '../users/directory.ts'

/** A user whose identity was just verified, and the browser they sign in with. */
export interface BrowserSignIn {
  /** Loaded before the identity was verified. */
  readonly user: LoadedUser
  readonly exchange: CookieExchange
  /** The session that the browser already has with this provider. */
  readonly current: Session | undefined
  readonly isPersistent: boolean
  /** The name of a new device. Default: derived from the user agent. */
  readonly deviceName?: string | undefined
  readonly address: string
  /** How the user signed in (RFC 8176). */
  readonly methods: readonly string[]
  readonly requestId: string
}

/** What a sign-in with a browser needs. */
export interface BrowserSignInServices {
  readonly sessions: Sessions
  readonly sessionLimit: SessionLimit
  readonly deviceCookies: DeviceCookies
  readonly deviceTokens: DeviceTokens
  readonly csrf: Csrf
  readonly devices: Pick<Devices, 'end'>
  readonly subjectOf: (user: UserRef) => string
}

/** Returns the events of a sign-in. Call it before `completeBrowserSignIn`, which remembers the device. */
export function signInEmissions(
  {
    deviceCookies,
    deviceTokens,
    subjectOf,
  }: Pick<BrowserSignInServices, 'deviceCookies' | 'deviceTokens' | 'subjectOf'>,
  { exchange, address, requestId }: Pick<BrowserSignIn, 'exchange' | 'address' | 'requestId'>,
  session: Session,
): readonly Emission[] {
  const { id: sessionId, deviceName } = session
  const sub = subjectOf(session)
  const isKnown = deviceTokens.find(deviceCookies.read(exchange), sub) !== undefined
  const isNew: Emission = ['device.new', { requestId, sessionId, sub, deviceName, address }]
  return [sessionStarted(session, { requestId, sub, address }), ...(isKnown ? [] : [isNew])]
}

/**
 * Starts a session or renews the current one, and sets its cookies. Returns undefined if the user was signed out everywhere
 * in the meantime. Call `completeBrowserSignIn` afterwards.
 */
export async function startBrowserSession(
  services: BrowserSignInServices,
  given: BrowserSignIn,
): Promise<Session | undefined> {
  const { user, exchange, current, isPersistent, address, methods, deviceName: name } = given
  const userAgent = exchange.request.header('user-agent') ?? ''
  const signIn = { user: user.ref, epochs: user.epochs, userAgent, address, methods, name }
  const emissionsOf = (session: Session): readonly Emission[] => signInEmissions(services, given, session)
  return services.sessions.start(exchange, signIn, { isPersistent, current, emissionsOf })
}

/** Remembers the device, applies the limit of sessions, and revokes the session of another user in this browser. */
export async function completeBrowserSignIn(
  services: BrowserSignInServices,
  session: Session,
  { exchange, current, requestId }: Pick<BrowserSignIn, 'exchange' | 'current' | 'requestId'>,
): Promise<void> {
  const { deviceCookies, sessionLimit, devices, csrf } = services
  const { id: sessionId } = session
  deviceCookies.remember(exchange, services.subjectOf(session))
  if (sessionId !== current?.id) await sessionLimit.enforce(session, requestId)
  // The new cookie replaced that of the previous session, so its user could no longer sign out of it.
  if (current && current.id !== sessionId) await devices.end(current, 'replaced', requestId)
  // Called only because it sets the CSRF cookie, which must last as long as a persistent session.
  csrf.tokenFor(exchange, session)
}
