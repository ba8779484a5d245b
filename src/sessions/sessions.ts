import type { Emission, Events } from '../events.ts'
import type { Clock } from '../lib/clock.ts'
import { randomBase64url, randomId, sha256 } from '../lib/hash.ts'
import { readCookie } from '../lib/cookie.ts'
import type { Epochs } from '../model/epochs.ts'
import { isLiveSession, type Session } from '../model/session.ts'
import type { UserRef } from '../model/subject.ts'
import type { RevocationFeed } from '../revocations/feed.ts'
import type { SessionRenewal, SessionStore } from '../store/sessions.ts'
import { sessionCookieName, type CookieExchange, type CookiePolicy } from './cookies.ts'
import { deviceNameOf } from '../model/device-name.ts'
import type { LoadedUser } from '../users/directory.ts'
import type { SessionLimit } from './session-limit.ts'

/** What sessions need. Lifetimes are in milliseconds without use. */
export interface SessionsOptions {
  readonly store: SessionStore
  readonly clock: Clock
  readonly feed: Pick<RevocationFeed, 'hasRevokedSession'>
  readonly cookies: CookiePolicy
  readonly lifetime: number
  /** The lifetime of sessions that outlive the browser. */
  readonly persistentLifetime: number
  /** The provider whose cookie has no name added. */
  readonly provider: string
  readonly subjectOf: (user: UserRef) => string
  readonly limit: Pick<SessionLimit, 'startTime'>
  readonly events: Pick<Events, 'commit'>
}

/** A sign-in that has been checked. */
export interface SignIn {
  readonly user: UserRef
  /** The epochs that were read before the password was checked. */
  readonly epochs: Epochs
  /** The name of the device. Default: derived from the user agent. */
  readonly name?: string | undefined
  readonly userAgent: string
  readonly address: string
  /** How the user signed in (RFC 8176). Default: unknown. */
  readonly methods?: readonly string[] | undefined
}

/** A user who signed in to the app. */
export interface NewSession {
  readonly user: LoadedUser
  /** How the user signed in (RFC 8176). */
  readonly methods: readonly string[]
}

/** How a session starts. */
export interface SessionStart {
  /** True if the session outlives the browser. */
  readonly isPersistent: boolean
  /** The session that the browser has already. It is renewed if it belongs to the same user. */
  readonly current: Session | undefined
  /** Returns the events to emit with it. */
  readonly emissionsOf: (session: Session) => readonly Emission[]
}

/** Browser sessions: who is signed in on the device that sent a request. Each provider has its own cookie. */
export interface Sessions {
  /** Returns the live session of a request, if there is one. Renews its cookie if it is persistent, once a minute. */
  current(exchange: CookieExchange, provider: string): Promise<Session | undefined>
  /**
   * Returns whether the app has a user whose sign-in is no longer accepted here: the device was revoked, or the user signed
   * out everywhere since.
   */
  mustSignInAgain(exchange: CookieExchange, provider: string): Promise<boolean>
  /**
   * Starts a session, or renews the current one, and sets a new cookie. Returns undefined if the user was signed out
   * everywhere in the meantime.
   */
  start(exchange: CookieExchange, signIn: SignIn, options: SessionStart): Promise<Session | undefined>
  /** Replaces the cookie of a session, so that copies of it stop working. Returns whether the session was still live. */
  renewCookie(exchange: CookieExchange, session: Session): Promise<boolean>
  /**
   * Deletes a provider's cookie if the request has it. Browsers leave it out of a cross-site POST, whose response must not
   * sign the user out.
   */
  clearCookie(exchange: CookieExchange, provider: string): void
  /**
   * Returns a session for a sign-in without a browser, for the caller to insert. It has no cookie and expires immediately,
   * so it is listed only as long as the tokens of the device are valid.
   */
  draft(signIn: SignIn): Promise<Session>
}

/** The use of a session is written at most this often, in milliseconds. */
export const TOUCH_INTERVAL = 60_000
const MAX_USER_AGENT_LENGTH = 512

/** Creates the sessions of one server. */
export function createSessions(options: SessionsOptions): Sessions {
  const { store, clock, feed, events, cookies, lifetime, persistentLifetime, subjectOf, limit } = options
  const nameFor = (provider: string): string => sessionCookieName(cookies, provider, options.provider)
  const isLive = (session: Session): boolean =>
    isLiveSession(session, clock.now()) &&
    !feed.hasRevokedSession({ ...session, subject: subjectOf(session) })
  const setCookie = (exchange: CookieExchange, { provider, isPersistent }: Session, value: string): void => {
    const maxAge = Math.floor(persistentLifetime / 1000)
    exchange.newCookies.set(nameFor(provider), { value, ...(isPersistent && { maxAge }) })
  }

  return {
    async current(exchange, provider) {
      const cookie = readCookie(exchange.request.header('cookie'), nameFor(provider))
      const session = cookie === undefined ? undefined : await store.findByCookie(sha256(cookie))
      if (cookie === undefined || session?.provider !== provider || !isLive(session)) return undefined
      const now = clock.now()
      if (now - session.lastSeenAt < TOUCH_INTERVAL) return session
      const expiresAt = now + (session.isPersistent ? persistentLifetime : lifetime)
      await store.touch(session.id, now, expiresAt)
      if (session.isPersistent) setCookie(exchange, session, cookie)
      return { ...session, expiresAt }
    },
    mustSignInAgain: async () => false,
    async start(exchange, signIn, { isPersistent, current, emissionsOf }) {
      const cookie = randomBase64url(32)
      const subject = subjectOf(signIn.user)
      const now = clock.now()
      const expiresAt = now + (isPersistent ? persistentLifetime : lifetime)
      const createdAt = await limit.startTime(signIn.user)
      const fields = { cookieHash: sha256(cookie), isPersistent, createdAt, now, expiresAt }
      const session = newSession(signIn, fields)
      const isSameUser = current !== undefined && subjectOf(current) === subject
      const write = (written: Session, act: () => Promise<boolean>): Promise<boolean> =>
        events.commit(act, (isWritten) => (isWritten ? emissionsOf(written) : []))
      const renewed = isSameUser ? { ...current, ...renewalOf(session) } : undefined
      const isRenewed =
        renewed && (await write(renewed, () => store.renew(renewed.id, { ...renewalOf(session), subject })))
      if (!isRenewed && !(await write(session, () => store.insert(session, subject)))) return undefined
      setCookie(exchange, session, cookie)
      return isRenewed ? renewed : session
    },
    async renewCookie(exchange, session) {
      const cookie = randomBase64url(32)
      const now = clock.now()
      const expiresAt = now + (session.isPersistent ? persistentLifetime : lifetime)
      const renewed = { ...session, cookieHash: sha256(cookie), lastSeenAt: now, expiresAt }
      const isLive = await store.renew(session.id, { ...renewalOf(renewed), subject: subjectOf(session) })
      if (isLive) setCookie(exchange, session, cookie)
      return isLive
    },
    clearCookie(exchange, provider) {
      const name = nameFor(provider)
      const isSent = readCookie(exchange.request.header('cookie'), name) !== undefined
      if (isSent) exchange.newCookies.set(name, { value: '', maxAge: 0 })
      else exchange.newCookies.delete(name)
    },
    async draft(signIn) {
      const now = clock.now()
      const createdAt = await limit.startTime(signIn.user)
      const cookieHash = sha256(randomBase64url(32))
      return newSession(signIn, { cookieHash, isPersistent: false, createdAt, now, expiresAt: now })
    },
  }
}

interface SessionFields extends Pick<Session, 'cookieHash' | 'isPersistent' | 'createdAt' | 'expiresAt'> {
  readonly now: number
}

const newSession = (
  { user, epochs, userAgent, address, name = deviceNameOf(userAgent), methods = [] }: SignIn,
  { now, ...fields }: SessionFields,
): Session => ({
  id: randomId(),
  appSessionHash: null,
  ...fields,
  provider: user.provider,
  userId: user.userId,
  deviceName: name,
  userAgent: userAgent.slice(0, MAX_USER_AGENT_LENGTH),
  address,
  issuerEpoch: epochs.issuer,
  userEpoch: epochs.user,
  authenticatedAt: now,
  lastSeenAt: now,
  methods,
  revokedAt: null,
})

/** Returns what a new sign-in changes in a session. It stays the same device, with the name that its user knows. */
const renewalOf = (session: Session): Omit<SessionRenewal, 'subject'> => ({
  cookieHash: session.cookieHash,
  appSessionHash: session.appSessionHash,
  issuerEpoch: session.issuerEpoch,
  userEpoch: session.userEpoch,
  authenticatedAt: session.authenticatedAt,
  lastSeenAt: session.lastSeenAt,
  expiresAt: session.expiresAt,
  isPersistent: session.isPersistent,
  methods: session.methods,
})
