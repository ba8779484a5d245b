import { sha256 } from '../lib/hash.ts'

/**
 * A machine token that another server issued, and that was imported with its rows. It has no authorization: a row says that
 * the token existed, for whom, and what it could do.
 */
export interface ImportedToken {
  /** See `importedTokenId`. */
  readonly id: string
  readonly clientId: string
  readonly scopes: readonly string[]
  /** The epochs at the time of the import. A token is revoked once one of them is raised. */
  readonly issuerEpoch: number
  readonly clientEpoch: number
  /** When the row says that the token expires (ms). The token may say earlier. */
  readonly expiresAt: number
}

/**
 * Returns the ID under which a token of Passport is stored, by its `jti`: the `azn` of a user's token, and the `jti` of a
 * machine token. Always the same for the same token, so that an import can be repeated, and a guard finds the row.
 */
export const importedTokenId = (jti: string): string => `passport-${sha256(`token ${jti}`).slice(0, 43)}`

/**
 * Returns the client ID for an ID in Passport's tables. IDs of ours are never plain numbers, because the `sub` of a machine
 * token could then be mistaken for a user's.
 */
export const importedClientId = (id: string): string => (/^\d+$/.test(id) ? `passport-${id}` : id)

/**
 * Returns the seed of the refresh tokens that replace one of Passport's. It follows from the 320 random bits of the old
 * token's ID, so that presenting it is like presenting our generation 0: it rotates, has a grace window, and is replayed.
 */
export const importedSeed = (refreshTokenId: string): string =>
  sha256(`refresh token ${refreshTokenId}`).slice(0, 22)
