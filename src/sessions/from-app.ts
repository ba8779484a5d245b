import type { Emission, Events } from '../events.ts'
import { readCookie } from '../lib/cookie.ts'
import { sha256 } from '../lib/hash.ts'
import type { Clock } from '../lib/clock.ts'
import { MAX_APP_SIGN_IN_AGE, type Session } from '../model/session.ts'
import type { UserRef } from '../model/subject.ts'
import type { RevocationFeed } from '../revocations/feed.ts'
import type { SessionStore } from '../store/sessions.ts'
import type { RevocationStore } from '../store/revocations.ts'
import type { UserDirectory } from '../users/directory.ts'
import type { AppSessionCookies } from './app-session-cookies.ts'
import type { CheckedAppUser } from './app-user.ts'
import type { CookieExchange } from './cookies.ts'
import type { Devices } from './devices.ts'
import { TOUCH_INTERVAL, type NewSession } from './sessions.ts'

/** The state of a browser. `refused`: the app returns a user whose sign-in was revoked or is too old. */
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
  readonly cookies: () => AppSessionCookies
  readonly userDirectory: Pick<UserDirectory, 'load'>
  readonly subjectOf: (user: UserRef) => string
  readonly devices: Pick<Devices, 'end'>
  /** How long a session is listed without a visit. */
  readonly lifetime: number
  /** Asks the app who is signed in. Throws `OAuthError` if it fails. */
  ask(exchange: CookieExchange, provider: string): Promise<CheckedAppUser | undefined>
  /** Returns the session of a sign-in, for the caller to insert. */
  draft(exchange: CookieExchange, user: NewSession): Promise<Session>
  readonly events: Pick<Events, 'commit'>
  /** Returns the events of a sign-in, to emit with its session. */
  emissionsOf(exchange: CookieExchange, session: Session): readonly Emission[]
  /** Called after a session was started, and after one was renewed by a new sign-in. */
  onSignIn(exchange: CookieExchange, session: Session, isNew: boolean): Promise<void>
}

/** The cookie of a provider, in one exchange. */
export interface ProviderCookie {
  readonly name: string
  set(value: string): void
  clear(): void
}

/** How often to try if other requests win the race. */
const MAX_ATTEMPTS = 5

const GUEST = { kind: 'guest' } as const
const REFUSED = { kind: 'refused' } as const

/** A request, the user whom the app returned for it, and what is stored about the app session. */
interface Lookup {
  readonly exchange: CookieExchange
  readonly provider: string
  readonly cookie: ProviderCookie
  readonly sentValue: string | undefined
  readonly appUser: CheckedAppUser
  /** The values that our cookie may have, the current one first. */
  readonly values: readonly [string, ...string[]]
  /** The sessions that this app session has had. */
  readonly rows: readonly Session[]
}

/** Finds or creates the session of an app session. */
export type ReadAppSession = (
  exchange: CookieExchange,
  provider: string,
  cookie: ProviderCookie,
) => Promise<AppSessionState>

/** Creates the reader of one server's app sessions. */
export function createAppSessionReader(options: AppSessionOptions): ReadAppSession {
  const { store, clock, feed, cookies, subjectOf, devices } = options
  const isUsable = (session: Session): boolean =>
    session.revokedAt === null && !feed.hasRevokedSession({ ...session, subject: subjectOf(session) })
  const end = (exchange: CookieExchange, session: Session): Promise<void> =>
    devices.end(session, 'app_session', exchange.requestId)
  const listByValue = (...values: string[]): Promise<readonly Session[]> =>
    store.listByAppSession(values.map((value) => sha256(value)))

  /** Not for cross-site requests: browsers may leave out the app's cookie, and a link must not sign users out. */
  async function signOut(exchange: CookieExchange, provider: string, cookie: ProviderCookie): Promise<void> {
    const value = readCookie(exchange.request.header('cookie'), cookie.name)
    if (value === undefined || exchange.request.header('sec-fetch-site') === 'cross-site') return
    for (const session of await listByValue(value))
      if (session.provider === provider && session.revokedAt === null) await end(exchange, session)
    cookie.clear()
  }

  /** Returns undefined if another request won the race. */
  async function resolve(
    exchange: CookieExchange,
    provider: string,
    cookie: ProviderCookie,
    appUser: CheckedAppUser,
  ): Promise<AppSessionState | undefined> {
    const values = cookies().valuesOf(provider, appUser)
    const rows = await listByValue(...values)
    const sentValue = readCookie(exchange.request.header('cookie'), cookie.name)
    const lookup: Lookup = { exchange, provider, cookie, sentValue, appUser, values, rows }
    for (const row of rows) if (isOfAnother(row, lookup) && row.revokedAt === null) await end(exchange, row)
    const live = rows.find((row) => row.userId === appUser.userId && isUsable(row))
    return live ? continueSession(lookup, live) : acceptSignIn(lookup)
  }

  /** The user of the session is still signed in to the app. */
  async function continueSession(lookup: Lookup, session: Session): Promise<AppSessionState | undefined> {
    const { appUser, cookie, sentValue, values, provider } = lookup
    const value = values.find((one) => sha256(one) === session.appSessionHash) ?? values[0]
    const isKnown = session.cookieHash === cookies().signInHash(value, provider, appUser)
    if (!isKnown && appUser.authenticatedAt > session.authenticatedAt && (await isAccepted(lookup)))
      return renew(lookup, session)
    if (sentValue !== value) cookie.set(value)
    const now = clock.now()
    const isDue = now - session.lastSeenAt >= TOUCH_INTERVAL
    const expiresAt = isDue ? now + options.lifetime : session.expiresAt
    if (isDue) await store.touch(session.id, now, expiresAt)
    const authenticatedAt = Math.min(session.authenticatedAt, appUser.authenticatedAt)
    return { kind: 'signed-in', session: { ...session, authenticatedAt, expiresAt } }
  }

  /** The app returned a user without a live session here. */
  async function acceptSignIn(lookup: Lookup): Promise<AppSessionState | undefined> {
    const { exchange, sentValue, values, rows, appUser } = lookup
    const hasMoved = sentValue !== undefined && !values.includes(sentValue)
    const before = hasMoved
      ? (await listByValue(sentValue)).filter(({ provider }) => provider === lookup.provider)
      : []
    for (const row of before) if (isOfAnother(row, lookup) && row.revokedAt === null) await end(exchange, row)
    const moved = before.find((row) => row.userId === appUser.userId && isUsable(row))
    if (lastRevocation([...rows, ...before], appUser) >= appUser.authenticatedAt) return REFUSED
    return moved ? renew(lookup, moved) : insert(lookup)
  }

  /** Returns whether a sign-in is newer than everything that would have revoked it. */
  async function isAccepted({ provider, appUser }: Lookup): Promise<boolean> {
    const user = { provider, userId: appUser.userId }
    const { authenticatedAt } = appUser
    if (authenticatedAt <= clock.now() - MAX_APP_SIGN_IN_AGE) return false
    if (await store.hasRevokedSignIn(user, authenticatedAt)) return false
    return authenticatedAt > (await options.revocations.readSignOutTime(subjectOf(user)))
  }

  /** Returns the session to store. Reads the epochs first, so that a later sign-out everywhere revokes it. */
  async function draft({
    exchange,
    provider,
    appUser,
    values: [value],
  }: Lookup): Promise<Session | undefined> {
    const user = await options.userDirectory.load({ provider, userId: appUser.userId }, '')
    if (!user) return undefined
    const { authenticatedAt, methods } = appUser
    const session = await options.draft(exchange, { user, methods })
    const hashes = {
      cookieHash: cookies().signInHash(value, provider, appUser),
      appSessionHash: sha256(value),
    }
    return { ...session, ...hashes, authenticatedAt, expiresAt: clock.now() + options.lifetime }
  }

  async function insert(lookup: Lookup): Promise<AppSessionState | undefined> {
    const session = await draft(lookup)
    // Unknown or disabled users.
    if (!session || !(await isAccepted(lookup))) return REFUSED
    if (lookup.rows.some(({ cookieHash }) => cookieHash === session.cookieHash)) return REFUSED
    const isInserted = await options.events.commit(
      () => store.insert(session, subjectOf(session)),
      (isWritten) => (isWritten ? options.emissionsOf(lookup.exchange, session) : []),
    )
    return isInserted ? complete(lookup, session, true) : undefined
  }

  /** The device stays the same: its user signed in again, or the app replaced the ID of its session. */
  async function renew(lookup: Lookup, session: Session): Promise<AppSessionState | undefined> {
    const drafted = await draft(lookup)
    if (!drafted || !(await isAccepted(lookup))) return REFUSED
    const isNewSignIn = drafted.authenticatedAt > session.authenticatedAt
    const { issuerEpoch, userEpoch } = isNewSignIn ? drafted : session
    const { cookieHash, appSessionHash, authenticatedAt, lastSeenAt, expiresAt, methods } = drafted
    const changes = { cookieHash, appSessionHash, authenticatedAt, lastSeenAt, expiresAt, methods }
    const renewed = { ...session, ...changes, issuerEpoch, userEpoch }
    const isRenewed = await options.events.commit(
      () => store.renew(session.id, { ...renewed, subject: subjectOf(session) }),
      (isWritten) => (isWritten && isNewSignIn ? options.emissionsOf(lookup.exchange, renewed) : []),
    )
    return isRenewed ? complete(lookup, renewed, false, isNewSignIn) : undefined
  }

  /** Checks once more whether the app session was revoked, which may have happened before it was stored. */
  async function complete(
    lookup: Lookup,
    session: Session,
    isNew: boolean,
    isNewSignIn = true,
  ): Promise<AppSessionState> {
    const { exchange, cookie, appUser, values } = lookup
    const ended = lastRevocation(await listByValue(...values), appUser)
    if (ended >= appUser.authenticatedAt) {
      await end(exchange, session)
      return REFUSED
    }
    cookie.set(values[0])
    if (isNewSignIn) await options.onSignIn(exchange, session, isNew)
    return { kind: 'signed-in', session }
  }

  return async (exchange, provider, cookie) => {
    const appUser = await options.ask(exchange, provider)
    if (!appUser) {
      await signOut(exchange, provider, cookie)
      return GUEST
    }
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const state = await resolve(exchange, provider, cookie, appUser)
      if (state) return state
    }
    return REFUSED
  }
}

const isOfAnother = ({ userId }: Session, { appUser }: Lookup): boolean =>
  userId !== appUser.userId && userId !== NO_USER

/** The user of the row of an app session that was revoked before it was stored. */
export const NO_USER = ''

/** Returns when a session of the user, or the app session itself, was last revoked. */
const lastRevocation = (rows: readonly Session[], { userId }: CheckedAppUser): number =>
  Math.max(
    0,
    ...rows
      .filter((row) => row.userId === userId || row.userId === NO_USER)
      .map(({ revokedAt }) => revokedAt ?? 0),
  )
