import type { UserRef } from './subject.ts'

/** The `grant_type` of devices (RFC 8628 section 3.4). */
export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

/** What a person answered to a device. */
export type DeviceDecision = 'approved' | 'denied'

/** Who has typed a user code in, and in which browser session. */
export interface DeviceClaim extends UserRef {
  readonly sessionId: string
  /** The person's epoch when the session began. */
  readonly userEpoch: number
}

/** A device that asks for tokens (RFC 8628), as it is kept: neither of its two codes. */
export interface DeviceCode {
  /** SHA-256 of the device code. */
  readonly hash: string
  /** HMAC of the normalized user code: it is short, and a hash alone could be guessed from a stolen database. */
  readonly userCodeHash: string
  /** The id of the authorization that spending it will make. */
  readonly authorizationId: string
  readonly clientId: string
  readonly scopes: readonly string[]
  readonly resources: readonly string[]
  /** The address that asked, which the person is shown. */
  readonly address: string
  readonly issuerEpoch: number
  readonly clientEpoch: number
  /** The least time (ms) between two polls; grows by `slow_down` (RFC 8628 section 3.5). */
  readonly interval: number
  readonly lastPolledAt: number | null
  /** The person who typed the user code in; null until then, and again when they switch accounts. */
  readonly claim: DeviceClaim | null
  readonly decision: DeviceDecision | null
  readonly createdAt: number
  readonly expiresAt: number
  readonly spentAt: number | null
  /** Set when a revocation ended it before it was spent. */
  readonly voidedAt: number | null
}

/** What user codes are made of: no vowels, so that they spell no words, and nothing that looks like something else (RFC 8628 section 6.1). */
export const USER_CODE_LETTERS = 'BCDFGHJKLMNPQRSTVWXZ'

/** How many letters a user code has: 20^8, about 34 bits. */
export const USER_CODE_LENGTH = 8

/** A user code as it is compared: upper case, without the spaces, dashes and dots that people type; undefined where it is none. */
export function normalizeUserCode(text: string): string | undefined {
  const code = text
    .normalize('NFKC')
    .replaceAll(/[\p{Z}\p{Pd}\p{Cc}.]/gu, '')
    .toUpperCase()
  return code.length === USER_CODE_LENGTH &&
    Array.from(code).every((letter) => USER_CODE_LETTERS.includes(letter))
    ? code
    : undefined
}

/** A user code as people read it: `WDJB-MJHT`. */
export const formatUserCode = (code: string): string => `${code.slice(0, 4)}-${code.slice(4)}`

/** How much longer (ms) a device must wait after each poll that came too soon (RFC 8628 section 3.5). */
export const SLOW_DOWN_INCREMENT = 5000

/** How much sooner (ms) than its interval a poll may come: clocks and networks waver, and an honest device never hears `slow_down`. */
const POLL_TOLERANCE = 1000

/** Whether a poll comes too soon after the last one; the clock of another node may be a little behind. */
export function isTooSoon(
  { interval, lastPolledAt }: Pick<DeviceCode, 'interval' | 'lastPolledAt'>,
  now: number,
): boolean {
  const since = lastPolledAt === null ? interval : now - lastPolledAt
  return since > -interval && since < interval - POLL_TOLERANCE
}
