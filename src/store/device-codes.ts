import type { Authorization } from '../model/authorization.ts'
import type { DeviceClaim, DeviceCode, DeviceDecision, DevicePoll } from '../model/device-code.ts'
import type { Session } from '../model/session.ts'

/** A user's answer to a device. */
export interface DeviceAnswer {
  readonly sessionId: string
  readonly decision: DeviceDecision
  /** The `sub` of the user, who has claimed the code. */
  readonly subject: string
  readonly scopes?: readonly string[]
}

/** Device codes (RFC 8628), identified by their hashes. */
export interface DeviceCodeStore {
  /**
   * Inserts a code only if its client exists and is not revoked, and its issuer and client epochs are current. Returns
   * `taken` if any other code has this user code, even an expired one, and `revoked` if the condition fails.
   */
  insert(code: DeviceCode): Promise<'inserted' | 'taken' | 'revoked'>
  find(hash: string): Promise<DeviceCode | undefined>
  /** Finds a code by the hash of its user code. There is one hash for each secret that it may have been made with. */
  findByUserCode(userCodeHashes: readonly string[]): Promise<DeviceCode | undefined>
  /**
   * Claims a code for a user. Only if it is pending (not decided, spent, voided or expired), no other user has claimed it,
   * and the session of the claim exists and is not revoked. The same user may claim it again. Returns whether it did.
   */
  claim(hash: string, claim: DeviceClaim, now: number): Promise<boolean>
  /** Releases a claim only if this session made it and the code is not decided. Returns whether it did. */
  releaseClaim(hash: string, sessionId: string): Promise<boolean>
  /**
   * Approves or denies a pending code only if this session has claimed it and is not revoked, and its epochs are current.
   * Returns whether it did. With `scopes`, those that the user granted, they replace the scopes of the code.
   */
  decide(hash: string, answer: DeviceAnswer, now: number): Promise<boolean>
  /**
   * Records a poll. Returns `pending`, or `slow_down` if it came too soon (`isTooSoon`), in which case the interval also
   * grows by `SLOW_DOWN_INCREMENT`. Of several parallel polls at one node, one is in time. Returns `done`, and records
   * nothing, if the code is no longer pending or does not exist.
   */
  poll(hash: string, poll: DevicePoll): Promise<'pending' | 'slow_down' | 'done'>
  /**
   * Spends a code and inserts its authorization, and the session that starts with it, all or nothing. Only if the code
   * names this authorization, is approved and is not spent, voided or expired, the client exists and is not revoked, and
   * all epochs are current. The browser session that approved the code does not matter. Returns whether it did.
   */
  exchange(
    hash: string,
    authorization: Authorization,
    subject: string,
    now: number,
    session?: Session,
  ): Promise<boolean>
}
