/**
 * Counters that stand for "everything up to now": of the issuer, of a client, of a user.
 *
 * Sessions and authorizations copy them at birth and access tokens carry them. Raising one ends whatever was born
 * before; clocks play no part.
 */
export interface Epochs {
  readonly issuer: number
  readonly client: number
  readonly user: number
}

/** What has never been raised. */
export const ZERO_EPOCHS: Epochs = { issuer: 0, client: 0, user: 0 }

/** Whether something born at `born` has outlived every raise that `current` knows of. */
export const hasCurrentEpochs = (born: Epochs, current: Epochs): boolean =>
  born.issuer >= current.issuer && born.client >= current.client && born.user >= current.user
