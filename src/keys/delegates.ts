import type { DerivedKeys } from './derived.ts'
import type { KeySet } from './key-set.ts'
import type { RefreshTokens } from './refresh-token.ts'

/** A key set that is always the present one. */
export const delegateKeySet = (present: () => KeySet): KeySet => ({
  get algorithm() {
    return present().algorithm
  },
  get currentKid() {
    return present().currentKid
  },
  sign: (type, claims, label) => present().sign(type, claims, label),
  verify: (token, type) => present().verify(token, type),
  isTrusted: (kid) => present().isTrusted(kid),
  jwks: () => present().jwks(),
})

/** Derived keys that are always the present ones. */
export const delegateDerivedKeys = (present: () => DerivedKeys): DerivedKeys => ({
  get fingerprint() {
    return present().fingerprint
  },
  get fingerprints() {
    return present().fingerprints
  },
  get currentId() {
    return present().currentId
  },
  key: (purpose) => present().key(purpose),
  keysById: (purpose) => present().keysById(purpose),
})

/** Refresh tokens that are always made and read with the present secrets. */
export const delegateRefreshTokens = (present: () => RefreshTokens): RefreshTokens => ({
  format: (parts) => present().format(parts),
  parse: (token) => present().parse(token),
})
