import type { UserRef } from './subject.ts'

/** The `grant_type` of devices (RFC 8628 section 3.4). */
export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

/** The user's answer to a device. */
export type DeviceDecision = 'approved' | 'denied'

/** The user who entered a user code, and the browser session. */
export interface DeviceClaim extends UserRef {
  readonly sessionId: string
  /** The user's epoch when the session started. */
  readonly userEpoch: number
}

/** A device that requests tokens (RFC 8628), as stored, without its two codes. */
export interface DeviceCode {
  /** SHA-256 of the device code. */
  readonly hash: string
  /** HMAC of the normalized user code. A plain hash of such a short code could be reversed from a stolen database. */
  readonly userCodeHash: string
  /** The id of the authorization that its exchange creates. */
  readonly authorizationId: string
  readonly clientId: string
  readonly scopes: readonly string[]
  readonly resources: readonly string[]
  /** The IP address of the device, shown to the user. */
  readonly address: string
  readonly issuerEpoch: number
  readonly clientEpoch: number
  /** The minimum time (ms) between two polls. Grows with each `slow_down` (RFC 8628 section 3.5). */
  readonly interval: number
  readonly lastPolledAt: number | null
  /** The ID of the node that received that poll. The time is by its clock. */
  readonly lastPolledBy: string | null
  /** The user who entered the user code. Null before that, and again after the user switches accounts. */
  readonly claim: DeviceClaim | null
  readonly decision: DeviceDecision | null
  readonly createdAt: number
  readonly expiresAt: number
  readonly spentAt: number | null
  /** Set if a revocation voided it before it was spent. */
  readonly voidedAt: number | null
}

/** The letters in user codes (RFC 8628 section 6.1): no vowels, which could spell words, and none that look alike. */
export const USER_CODE_LETTERS = 'BCDFGHJKLMNPQRSTVWXZ'

/** The number of letters in a user code: 20^8 combinations, about 34 bits. */
export const USER_CODE_LENGTH = 8

/** Returns a user code in upper case, without spaces, dashes and dots. Returns undefined if it cannot be one. */
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

/** Formats a user code for reading: `WDJB-MJHT`. */
export const formatUserCode = (code: string): string => `${code.slice(0, 4)}-${code.slice(4)}`

/** How much a poll that comes too soon increases the interval (ms) (RFC 8628 section 3.5). */
export const SLOW_DOWN_INCREMENT = 5000

/** How much sooner than the interval (ms) a poll may come, because networks vary. */
const POLL_TOLERANCE = 1000

/** A poll of a device: when, and by which node it was received. */
export interface DevicePoll {
  readonly now: number
  readonly nodeId: string
}

/**
 * Returns whether a poll comes too soon after the last one. If another node received the last one, it does not: the clocks
 * of the two may differ by more than the interval.
 */
export function isTooSoon(
  { interval, lastPolledAt, lastPolledBy }: Pick<DeviceCode, 'interval' | 'lastPolledAt' | 'lastPolledBy'>,
  { now, nodeId }: DevicePoll,
): boolean {
  if (lastPolledAt === null || lastPolledBy !== nodeId) return false
  const since = now - lastPolledAt
  // A clock that was set back.
  return since >= 0 && since < interval - POLL_TOLERANCE
}
