/**
 * Counters that revoke everything issued before: one of the issuer, one of each client and one of each user.
 *
 * Sessions and authorizations copy them when they are created, and access tokens carry them. Raising a counter revokes
 * whatever has a lower one. This does not depend on clocks.
 */
export interface Epochs {
  readonly issuer: number
  readonly client: number
  readonly user: number
}

/** Epochs that were never raised. */
export const ZERO_EPOCHS: Epochs = { issuer: 0, client: 0, user: 0 }

/** Returns whether no epoch was raised after these were copied. */
export const hasCurrentEpochs = (copied: Epochs, current: Epochs): boolean =>
  copied.issuer >= current.issuer && copied.client >= current.client && copied.user >= current.user
