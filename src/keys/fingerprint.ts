import { ConfigError } from '../errors.ts'
import type { Store } from '../store/contract.ts'
import type { DerivedKeys } from './derived.ts'

/**
 * Checks that the store knows the current root secret. Knowing the next or a retired one is not enough: other nodes would
 * reject the refresh tokens of this one.
 *
 * @throws ConfigError
 */
export async function checkFingerprint(
  store: Pick<Store, 'fingerprints'>,
  { fingerprint }: DerivedKeys,
  now: number,
): Promise<void> {
  const known = await store.fingerprints.addFirst(fingerprint, now)
  if (known.includes(fingerprint)) return
  const message =
    'are not those of this database: every refresh token would be rejected. Restore them from the backup'
  throw new ConfigError([{ path: 'secrets', message }])
}
