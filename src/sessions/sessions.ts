import type { Clock } from '../lib/clock.ts'
import { readCookie, writeCookie } from '../lib/cookie.ts'
import { randomText, sha256 } from '../lib/hash.ts'
import type { Incoming } from '../lib/http.ts'
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
  /** The live session of a request, if it has one. */
  current(request: Pick<Incoming, 'header'>): Promise<Session | undefined>
  /**
   * Begins a session under a new cookie, or goes on with the `present` one of the same person under a new cookie.
   * Undefined where the person's epoch was raised meanwhile.
   */
  start(signIn: SignIn, present?: Session): Promise<StartedSession | undefined>
  /** A `Set-Cookie` value that takes the cookie away. */
  clearCookie(): string
}

/** A session's use is written at most this often (ms). */
const TOUCH_INTERVAL = 60_000
const LONGEST_USER_AGENT = 512

/** Makes the sessions of one server. */
export function createSessions(options: SessionsOptions): Sessions {
  const { store, clock, feed, cookies, lifetime, subjectOf } = options
  const name = `${cookies.prefix}consulate_session${cookies.suffix}`
  const isAlive = (session: Session): boolean =>
    isLiveSession(session, clock.now()) &&
    !feed.hasRevokedSession({ ...session, subject: subjectOf(session) })

  return {
    async current(request) {
      const cookie = readCookie(request.header('cookie'), name)
      const session = cookie ? await store.findByCookie(sha256(cookie)) : undefined
      if (!session || !isAlive(session)) return undefined
      const now = clock.now()
      if (now - session.lastSeenAt >= TOUCH_INTERVAL) await store.touch(session.id, now, now + lifetime)
      return session
    },
    async start(signIn, present) {
      const cookie = randomText(32)
      const subject = subjectOf(signIn.user)
      const session = newSession(signIn, sha256(cookie), clock.now(), lifetime)
      const setCookie = writeCookie(name, cookie, { secure: cookies.isSecure })
      if (
        present &&
        subjectOf(present) === subject &&
        (await store.renew(present.id, { ...session, subject }))
      ) {
        return { session: { ...session, id: present.id, createdAt: present.createdAt }, setCookie }
      }
      return (await store.insert(session, subject)) ? { session, setCookie } : undefined
    },
    clearCookie: () => writeCookie(name, '', { maxAge: 0, secure: cookies.isSecure }),
  }
}

function newSession(
  { user, epochs, userAgent, address }: SignIn,
  cookieHash: string,
  now: number,
  lifetime: number,
): Session {
  return {
    id: randomText(16),
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
    expiresAt: now + lifetime,
    revokedAt: null,
  }
}
