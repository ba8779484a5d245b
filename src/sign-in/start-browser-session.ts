import type { Events } from '../events.ts'
import type { Session } from '../model/session.ts'
import type { UserRef } from '../model/subject.ts'
import type { CookieExchange } from '../sessions/cookies.ts'
import type { Csrf } from '../sessions/csrf.ts'
import type { DeviceCookies } from '../sessions/device-cookie.ts'
import type { Devices } from '../sessions/devices.ts'
import type { DeviceTokens } from '../sessions/device-tokens.ts'
import { emitStarted } from '../sessions/emit-started.ts'
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
  readonly events: Pick<Events, 'emit'>
  readonly subjectOf: (user: UserRef) => string
}

/**
 * Starts a session or renews the current one, and sets its cookies. Returns undefined if the user was signed out everywhere
 * in the meantime. Call `completeBrowserSignIn` afterwards.
 */
export async function startBrowserSession(
  { sessions, subjectOf, events }: BrowserSignInServices,
  { user: { ref: user, epochs }, exchange, current, isPersistent, requestId, ...device }: BrowserSignIn,
): Promise<Session | undefined> {
  const { address, methods, deviceName: name } = device
  const userAgent = exchange.request.header('user-agent') ?? ''
  const signIn = { user, epochs, userAgent, address, methods, name }
  const session = await sessions.start(exchange, signIn, { isPersistent, current })
  if (!session) return undefined
  emitStarted(events, session, { requestId, sub: subjectOf(user), address })
  return session
}

/** Remembers the device, applies the limit of sessions, and revokes the session of another user in this browser. */
export async function completeBrowserSignIn(
  services: BrowserSignInServices,
  session: Session,
  {
    exchange,
    current,
    address,
    requestId,
  }: Pick<BrowserSignIn, 'exchange' | 'current' | 'address' | 'requestId'>,
): Promise<void> {
  const { deviceCookies, deviceTokens, sessionLimit, devices, csrf, events } = services
  const { id: sessionId, deviceName } = session
  const sub = services.subjectOf(session)
  if (deviceTokens.find(deviceCookies.read(exchange), sub) === undefined)
    events.emit('device.new', { requestId, sessionId, sub, deviceName, address })
  deviceCookies.remember(exchange, sub)
  if (sessionId !== current?.id) await sessionLimit.enforce(session, requestId)
  // The new cookie replaced that of the previous session, so its user could no longer sign out of it.
  if (current && current.id !== sessionId) await devices.end(current, 'replaced', requestId)
  // Called only because it sets the CSRF cookie, which must last as long as a persistent session.
  csrf.tokenFor(exchange, session)
}
