import { readCookie } from '../lib/cookie.ts'
import { sha256 } from '../lib/hash.ts'
import type { Clock } from '../lib/clock.ts'
import type { Session } from '../model/session.ts'
import type { UserRef } from '../model/subject.ts'
import type { RevocationFeed } from '../revocations/feed.ts'
import type { SessionStore } from '../store/contract.ts'
import type { RevocationStore } from '../store/revocations.ts'
import type { UserDirectory } from '../users/directory.ts'
import type { AppHandles } from './app-handles.ts'
import type { ShownUser } from './app-user.ts'
import type { CookieExchange } from './cookies.ts'
import type { Devices } from './devices.ts'
import type { NewSession } from './sessions.ts'

/** What a browser's app session means here. `refused`: the app shows a user whose sign-in no longer counts. */
export type AppSessionState =
  | { readonly kind: 'guest' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'signed-in'; readonly session: Session }

/** What sessions of users who sign in to the app need. Times in milliseconds. */
export interface AppSessionOptions {
  readonly store: SessionStore
  readonly revocations: Pick<RevocationStore, 'readSignOutTime'>
  readonly clock: Clock
  readonly feed: Pick<RevocationFeed, 'hasRevokedSession'>
  readonly handles: () => AppHandles
  readonly userDirectory: Pick<UserDirectory, 'load'>
  readonly subjectOf: (user: UserRef) => string
  readonly devices: Pick<Devices, 'end'>
  /** How long a session is listed without a visit. */
  readonly lifetime: number
  /** Asks the app who is signed in. Throws `OAuthError` if it fails. */
  ask(exchange: CookieExchange, provider: string): Promise<ShownUser | undefined>
  /** Returns the session of a sign-in, for the caller to insert. */
  draft(exchange: CookieExchange, user: NewSession): Promise<Session>
  /** Called after a session was started, and after one was renewed by a new sign-in. */
  onSignIn(exchange: CookieExchange, session: Session, isNew: boolean): Promise<void>
}

/** The cookie of a provider, in one exchange. */
export interface HandleCookie {
  readonly name: string
  set(value: string): void
  clear(): void
}

/** A sign-in is forgotten after this time: rows that tell that it was revoked are purged then. 400 days. */
const MAX_SIGN_IN_AGE = 400 * 86_400_000
/** The use of a session is written at most this often. */
const TOUCH_INTERVAL = 60_000
/** How often to start over after losing a race. */
const MAX_ATTEMPTS = 5

const GUEST = { kind: 'guest' } as const
const REFUSED = { kind: 'refused' } as const

/** One look at an app session. */
interface Look {
  readonly exchange: CookieExchange
  readonly provider: string
  readonly cookie: HandleCookie
  readonly cookieValue: string | undefined
  readonly shown: ShownUser
  readonly handles: readonly [string, ...string[]]
  /** The sessions that this app session has had. */
  readonly rows: readonly Session[]
}

/** Finds or creates the session of an app session. */
export type ReadAppSession = (
  exchange: CookieExchange,
  provider: string,
  cookie: HandleCookie,
) => Promise<AppSessionState>

/** Creates the reader of one server's app sessions. */
export function createAppSessionReader(options: AppSessionOptions): ReadAppSession {
  const { store, clock, feed, handles, subjectOf, devices } = options
  const isUsable = (session: Session): boolean =>
    session.revokedAt === null && !feed.hasRevokedSession({ ...session, subject: subjectOf(session) })
  const end = (exchange: CookieExchange, session: Session): Promise<void> =>
    devices.end(session, 'app_session', exchange.requestId)
  const listByHandle = (...values: string[]): Promise<readonly Session[]> =>
    store.listByAppSession(values.map((value) => sha256(value)))

  /** A link on another site must not sign users out, and browsers may hold the app's cookie back there. */
  async function leave(exchange: CookieExchange, provider: string, cookie: HandleCookie): Promise<void> {
    const value = readCookie(exchange.request.header('cookie'), cookie.name)
    if (value === undefined || exchange.request.header('sec-fetch-site') === 'cross-site') return
    for (const session of await listByHandle(value))
      if (session.provider === provider && session.revokedAt === null) await end(exchange, session)
    cookie.clear()
  }

  async function look(
    exchange: CookieExchange,
    provider: string,
    cookie: HandleCookie,
    shown: ShownUser,
  ): Promise<AppSessionState | undefined> {
    const own = handles().of(provider, shown)
    const rows = await listByHandle(...own)
    const cookieValue = readCookie(exchange.request.header('cookie'), cookie.name)
    const seen: Look = { exchange, provider, cookie, cookieValue, shown, handles: own, rows }
    for (const row of rows) if (isOfAnother(row, seen) && row.revokedAt === null) await end(exchange, row)
    const live = rows.find((row) => row.userId === shown.userId && isUsable(row))
    return live ? keep(seen, live) : enter(seen)
  }

  /** The app still shows the user of a session. */
  async function keep(seen: Look, session: Session): Promise<AppSessionState | undefined> {
    const { shown, cookie, cookieValue, handles: values, provider } = seen
    const handle = values.find((value) => sha256(value) === session.appSessionHash) ?? values[0]
    const isKnown = session.cookieHash === handles().signInHash(handle, provider, shown)
    if (!isKnown && shown.authenticatedAt > session.authenticatedAt && (await counts(seen)))
      return renew(seen, session)
    if (cookieValue !== handle) cookie.set(handle)
    const now = clock.now()
    if (now - session.lastSeenAt >= TOUCH_INTERVAL) await store.touch(session.id, now, now + options.lifetime)
    const authenticatedAt = Math.min(session.authenticatedAt, shown.authenticatedAt)
    return { kind: 'signed-in', session: { ...session, authenticatedAt } }
  }

  /** The app shows a user for whom this app session has no live session. */
  async function enter(seen: Look): Promise<AppSessionState | undefined> {
    const { exchange, cookieValue, handles: values, rows, shown } = seen
    const hasMoved = cookieValue !== undefined && !values.includes(cookieValue)
    const before = hasMoved
      ? (await listByHandle(cookieValue)).filter(({ provider }) => provider === seen.provider)
      : []
    for (const row of before) if (isOfAnother(row, seen) && row.revokedAt === null) await end(exchange, row)
    const moved = before.find((row) => row.userId === shown.userId && isUsable(row))
    if (lastRevocation([...rows, ...before], shown) >= shown.authenticatedAt) return REFUSED
    if (!(await counts(seen))) return REFUSED
    return moved ? renew(seen, moved) : insert(seen)
  }

  /** Returns whether a sign-in is newer than everything that has ended it. */
  async function counts({ provider, shown }: Look): Promise<boolean> {
    const user = { provider, userId: shown.userId }
    const { authenticatedAt } = shown
    if (authenticatedAt <= clock.now() - MAX_SIGN_IN_AGE) return false
    if (await store.hasRevokedSignIn(user, authenticatedAt)) return false
    return authenticatedAt > (await options.revocations.readSignOutTime(subjectOf(user)))
  }

  /** Returns the session of the sign-in. The epochs are read first: a sign-out everywhere from then on is in them. */
  async function draft({ exchange, provider, shown, handles: [handle] }: Look): Promise<Session | undefined> {
    const user = await options.userDirectory.load({ provider, userId: shown.userId }, '')
    if (!user) return undefined
    const { authenticatedAt, methods } = shown
    const session = await options.draft(exchange, { user, methods })
    const hashes = {
      cookieHash: handles().signInHash(handle, provider, shown),
      appSessionHash: sha256(handle),
    }
    return { ...session, ...hashes, authenticatedAt, expiresAt: clock.now() + options.lifetime }
  }

  async function insert(seen: Look): Promise<AppSessionState | undefined> {
    const session = await draft(seen)
    // Unknown or disabled users.
    if (!session || !(await counts(seen))) return REFUSED
    if (seen.rows.some(({ cookieHash }) => cookieHash === session.cookieHash)) return REFUSED
    if (!(await store.insert(session, subjectOf(session)))) return undefined
    return complete(seen, session, true)
  }

  /** The session stays the same device: its user signed in again, or the app replaced the ID of its session. */
  async function renew(seen: Look, session: Session): Promise<AppSessionState | undefined> {
    const drafted = await draft(seen)
    if (!drafted || !(await counts(seen))) return REFUSED
    const isNewSignIn = drafted.authenticatedAt > session.authenticatedAt
    const { issuerEpoch, userEpoch } = isNewSignIn ? drafted : session
    const { cookieHash, appSessionHash, authenticatedAt, lastSeenAt, expiresAt, methods } = drafted
    const changes = { cookieHash, appSessionHash, authenticatedAt, lastSeenAt, expiresAt, methods }
    const renewed = { ...session, ...changes, issuerEpoch, userEpoch }
    if (!(await store.renew(session.id, { ...renewed, subject: subjectOf(session) }))) return undefined
    return complete(seen, renewed, false, isNewSignIn)
  }

  /** If the app session ended before it was known here, its end is found now. */
  async function complete(
    seen: Look,
    session: Session,
    isNew: boolean,
    isNewSignIn = true,
  ): Promise<AppSessionState> {
    const { exchange, cookie, shown, handles: values } = seen
    const ended = lastRevocation(await listByHandle(...values), shown)
    if (ended >= shown.authenticatedAt) {
      await end(exchange, session)
      return REFUSED
    }
    cookie.set(values[0])
    if (isNewSignIn) await options.onSignIn(exchange, session, isNew)
    return { kind: 'signed-in', session }
  }

  return async (exchange, provider, cookie) => {
    const shown = await options.ask(exchange, provider)
    if (!shown) {
      await leave(exchange, provider, cookie)
      return GUEST
    }
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const state = await look(exchange, provider, cookie, shown)
      if (state) return state
    }
    return REFUSED
  }
}

const isOfAnother = ({ userId }: Session, { shown }: Look): boolean =>
  userId !== shown.userId && userId !== ENDED

/** The user of a row that stands for an app session that ended. */
export const ENDED = ''

/** Returns when a session of the user, or the app session itself, was last revoked. */
const lastRevocation = (rows: readonly Session[], { userId }: ShownUser): number =>
  Math.max(
    0,
    ...rows
      .filter((row) => row.userId === userId || row.userId === ENDED)
      .map(({ revokedAt }) => revokedAt ?? 0),
  )
