import type { Clock } from '../lib/clock.ts'
import { readCookie, writeCookie } from '../lib/cookie.ts'
import { randomId, randomBase64url, sha256 } from '../lib/hash.ts'
import type { HttpRequest } from '../lib/http.ts'
import type { Epochs } from '../model/epochs.ts'
import { isLiveSession, type Session } from '../model/session.ts'
import type { UserRef } from '../model/subject.ts'
import type { RevocationFeed } from '../revocations/feed.ts'
import type { SessionStore } from '../store/contract.ts'
import type { CookiePolicy } from './csrf.ts'
import { deviceNameOf } from './device-name.ts'

/** What sessions need. `lifetime` in ms: how long a session lasts without use. */
export interface SessionsOptions {
  readonly store: SessionStore
  readonly clock: Clock
  readonly feed: Pick<RevocationFeed, 'hasRevokedSession'>
  readonly cookies: CookiePolicy
  readonly lifetime: number
  /** The provider whose cookie has no name added. */
  readonly provider: string
  /** The `sub` of a person. */
  readonly subjectOf: (user: UserRef) => string
}

/** A sign-in that has been checked. */
export interface SignIn {
  readonly user: UserRef
  /** The epochs read before the password was checked. */
  readonly epochs: Epochs
  readonly userAgent: string
  readonly address: string
}

/** A session and the `Set-Cookie` value that carries it. */
export interface StartedSession {
  readonly session: Session
  readonly setCookie: string
}

/** Browser sessions: who is signed in on the device that a request came from. */
export interface Sessions {
  /** The live session of a request with a provider, if it has one: each provider has a cookie of its own. */
  current(request: Pick<HttpRequest, 'header'>, provider: string): Promise<Session | undefined>
  /**
   * Begins a session under a new cookie, or goes on with the `present` one of the same person under a new cookie.
   * Undefined where the person's epoch was raised meanwhile.
   */
  start(signIn: SignIn, present?: Session): Promise<StartedSession | undefined>
  /** A `Set-Cookie` value that takes a provider's cookie away. */
  clearCookie(provider: string): string
  /**
   * A session that no browser has, for a sign-in on another device: whoever begins it must insert it. There is no cookie
   * to expire later, so it is listed as long as what was given to the device lives, and no longer.
   */
  draft(signIn: SignIn): Session
}

/** A session's use is written at most this often (ms). */
const TOUCH_INTERVAL = 60_000
const LONGEST_USER_AGENT = 512

/** Makes the sessions of one server. */
export function createSessions(options: SessionsOptions): Sessions {
  const { store, clock, feed, cookies, lifetime, subjectOf } = options
  const nameOf = (provider: string): string =>
    `${cookies.prefix}consulate_session${cookies.suffix}${provider === options.provider ? '' : `.${provider}`}`
  const isAlive = (session: Session): boolean =>
    isLiveSession(session, clock.now()) &&
    !feed.hasRevokedSession({ ...session, subject: subjectOf(session) })

  return {
    async current(request, provider) {
      const cookie = readCookie(request.header('cookie'), nameOf(provider))
      const session = cookie ? await store.findByCookie(sha256(cookie)) : undefined
      if (session?.provider !== provider || !isAlive(session)) return undefined
      const now = clock.now()
      if (now - session.lastSeenAt >= TOUCH_INTERVAL) await store.touch(session.id, now, now + lifetime)
      return session
    },
    async start(signIn, present) {
      const cookie = randomBase64url(32)
      const subject = subjectOf(signIn.user)
      const now = clock.now()
      const session = newSession(signIn, sha256(cookie), now, now + lifetime)
      const setCookie = writeCookie(nameOf(signIn.user.provider), cookie, { secure: cookies.isSecure })
      if (
        present &&
        subjectOf(present) === subject &&
        (await store.renew(present.id, { ...session, subject }))
      ) {
        return { session: { ...session, id: present.id, createdAt: present.createdAt }, setCookie }
      }
      return (await store.insert(session, subject)) ? { session, setCookie } : undefined
    },
    clearCookie: (provider) => writeCookie(nameOf(provider), '', { maxAge: 0, secure: cookies.isSecure }),
    draft: (signIn) => newSession(signIn, sha256(randomBase64url(32)), clock.now(), clock.now()),
  }
}

function newSession(
  { user, epochs, userAgent, address }: SignIn,
  cookieHash: string,
  now: number,
  expiresAt: number,
): Session {
  return {
    id: randomId(),
    cookieHash,
    provider: user.provider,
    userId: user.userId,
    deviceName: deviceNameOf(userAgent),
    userAgent: userAgent.slice(0, LONGEST_USER_AGENT),
    address,
    issuerEpoch: epochs.issuer,
    userEpoch: epochs.user,
    createdAt: now,
    lastSeenAt: now,
    expiresAt,
    revokedAt: null,
  }
}
