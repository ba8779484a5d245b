import type { UserRef } from './subject.ts'

/**
 * How old (ms) a sign-in at the app may be. Revoked sessions are kept as long, so that the same sign-in is never accepted
 * again. 400 days, as long as browsers keep cookies.
 */
export const MAX_APP_SIGN_IN_AGE = 400 * 86_400_000

/**
 * How long (ms) an API cookie can be valid at most. The store has no rows of these cookies, so the revocation of a session
 * or a user is kept this long, and a minute for a cookie that is being signed.
 */
export const MAX_API_COOKIE_LIFETIME = 3_600_000

/** One sign-in on one device. The value of its cookie is independent of its id, and stored as a hash only. */
export interface Session extends UserRef {
  /** The `sid` of the tokens that are revoked with it. */
  readonly id: string
  /** SHA-256 of the cookie's value. */
  readonly cookieHash: string
  /** SHA-256 of a keyed hash of the app's session. Null if the user signed in here. */
  readonly appSessionHash: string | null
  /** A readable name: `Chrome on Windows`. */
  readonly deviceName: string
  readonly userAgent: string
  readonly address: string
  readonly issuerEpoch: number
  readonly userEpoch: number
  readonly createdAt: number
  /** When the user last signed in or confirmed their password. */
  readonly authenticatedAt: number
  /** Written at most once a minute. Unless found by its cookie, a later use of one of its authorizations counts too. */
  readonly lastSeenAt: number
  /** True if the cookie outlives the browser ("Keep me signed in"). */
  readonly isPersistent: boolean
  /** How the user signed in, as `amr` values (RFC 8176): `['pwd']`. Empty if unknown. */
  readonly methods: readonly string[]
  /** Extended by use. A device without a browser has no cookie: the time of its sign-in. */
  readonly expiresAt: number
  readonly revokedAt: number | null
}

/** Returns whether the session is neither revoked nor expired. Epochs are not checked. */
export const isLiveSession = (session: Session, now: number): boolean =>
  session.revokedAt === null && session.expiresAt > now
