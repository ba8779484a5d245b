import { sha256 } from '../lib/hash.ts'
import type { ClientStore } from '../store/clients.ts'
import { verifyPassword, type LegacyHashVerifier } from '../users/password-hash.ts'
import type { ClientCache } from './cache.ts'

/** A PHC string or bcrypt, which is slow. Ours is SHA-256 in base64url, without a `$`. */
export const isImportedHash = (hash: string): boolean => hash.startsWith('$')

/** What the check of an imported secret needs. */
export interface ImportedSecretOptions {
  readonly clients: Pick<ClientStore, 'update'>
  readonly cache: Pick<ClientCache, 'forget'>
  readonly verifyLegacyHash: LegacyHashVerifier | undefined
}

/**
 * Returns whether a secret matches one of the hashes that were imported from Passport, and replaces the hash with ours.
 *
 * @throws OAuthError `temporarily_unavailable` if too many checks wait
 */
export async function matchesImportedSecret(
  { clients, cache, verifyLegacyHash }: ImportedSecretOptions,
  clientId: string,
  hashes: readonly string[],
  secret: string,
): Promise<boolean> {
  for (const hash of hashes) {
    if (!(await verifyPassword(secret, hash, verifyLegacyHash)).isCorrect) continue
    // A secret that was rotated meanwhile is no longer in the list, and stays out of it.
    await clients.update(clientId, ({ secrets }) => ({
      secrets: secrets.map((stored) => (stored.hash === hash ? { ...stored, hash: sha256(secret) } : stored)),
    }))
    cache.forget(clientId)
    return true
  }
  return false
}
