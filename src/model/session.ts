import type { UserRef } from './subject.ts'

/** One sign-in on one device. The cookie that carries it is an independent value, kept here as a hash only. */
export interface Session extends UserRef {
  /** The `sid` of the tokens that end with it. */
  readonly id: string
  /** SHA-256 of the cookie's value. */
  readonly cookieHash: string
  /** What a person would call the device: `Chrome on Windows`. */
  readonly deviceName: string
  readonly userAgent: string
  readonly address: string
  readonly issuerEpoch: number
  readonly userEpoch: number
  readonly createdAt: number
  /** Written at most once a minute. */
  readonly lastSeenAt: number
  /** True if the cookie outlives the browser ("Keep me signed in"). */
  readonly isPersistent: boolean
  /** When its cookie ends unless it is used before; slides with use. A device that has no browser has none: when it began. */
  readonly expiresAt: number
  readonly revokedAt: number | null
}

/** Whether the session may still be used, as far as its own row tells. */
export const isLiveSession = (session: Session, now: number): boolean =>
  session.revokedAt === null && session.expiresAt > now
