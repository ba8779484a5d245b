import type { DerivedKeys } from '../keys/derived.ts'
import { hmac, sha256 } from '../lib/hash.ts'
import type { ShownUser } from './app-user.ts'

/**
 * The handle of an app session: the keyed hash that our cookie holds. It identifies a session, and proves nothing: only the
 * app says who is signed in. The store has a hash of it.
 *
 * Without an ID from the app, the handle stands for one sign-in, so that parallel requests agree on it.
 */
export interface AppHandles {
  /** Returns the handles of the app session that shows a user, one for each root secret, the current one first. */
  of(provider: string, shown: ShownUser): readonly [string, ...string[]]
  /** Returns the hashes of the app session with an ID, one for each root secret, the current one first. */
  hashesOfId(provider: string, appSessionId: string): readonly [string, ...string[]]
  /** Returns what identifies one sign-in in an app session. No two sessions have the same. */
  signInHash(handle: string, provider: string, shown: ShownUser): string
}

/** Creates the handles of one issuer. */
export function createAppHandles(derived: DerivedKeys): AppHandles {
  const keys = [...new Set([derived.key('app-session'), ...derived.keysById('app-session').values()])]
  const forEachKey = (parts: readonly unknown[]): readonly [string, ...string[]] =>
    keys.map((key) => hmac(key, JSON.stringify(parts))) as unknown as readonly [string, ...string[]]
  const handlesOfId = (provider: string, id: string) => forEachKey(['session', provider, id])
  return {
    of: (provider, { appSessionId, userId, signInTime }) =>
      appSessionId === undefined
        ? forEachKey(['sign-in', provider, userId, signInTime])
        : handlesOfId(provider, appSessionId),
    hashesOfId: (provider, id) =>
      handlesOfId(provider, id).map((handle) => sha256(handle)) as unknown as readonly [string, ...string[]],
    signInHash: (handle, provider, { userId, signInTime }) =>
      sha256(JSON.stringify([hmac(derived.key('app-session'), handle), provider, userId, signInTime])),
  }
}
