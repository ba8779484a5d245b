import type { DerivedKeys } from '../keys/derived.ts'
import { hmac, sha256 } from '../lib/hash.ts'
import type { CheckedAppUser } from './app-user.ts'

/**
 * The values of our cookie for users who sign in to the app: a keyed hash of the app's session ID. The value identifies a
 * session and proves nothing, because only the app says who is signed in. The store has a hash of it.
 *
 * Without an ID from the app, the value identifies one sign-in, so that parallel requests agree on it.
 */
export interface AppSessionCookies {
  /** Returns the values for the app session of a user, one for each root secret, the current one first. */
  valuesOf(provider: string, appUser: CheckedAppUser): readonly [string, ...string[]]
  /** Returns the hashes of the app session with an ID, one for each root secret, the current one first. */
  hashesOfId(provider: string, appSessionId: string): readonly [string, ...string[]]
  /** Returns what identifies one sign-in in an app session. No two sessions have the same. */
  signInHash(value: string, provider: string, appUser: CheckedAppUser): string
}

/** Creates the cookie values of one issuer. */
export function createAppSessionCookies(derived: DerivedKeys): AppSessionCookies {
  const currentKey = derived.key('app-session')
  const [, ...otherKeys] = derived.keysById('app-session').values()
  const forEachKey = (parts: readonly (string | number)[]): readonly [string, ...string[]] => {
    const text = JSON.stringify(parts)
    return [hmac(currentKey, text), ...otherKeys.map((key) => hmac(key, text))]
  }
  const valuesOfId = (provider: string, id: string) => forEachKey(['session', provider, id])
  return {
    valuesOf: (provider, { appSessionId, userId, signInTime }) =>
      appSessionId === undefined
        ? forEachKey(['sign-in', provider, userId, signInTime])
        : valuesOfId(provider, appSessionId),
    hashesOfId(provider, id) {
      const [value, ...others] = valuesOfId(provider, id)
      return [sha256(value), ...others.map((other) => sha256(other))]
    },
    signInHash: (value, provider, { userId, signInTime }) =>
      sha256(JSON.stringify([hmac(currentKey, value), provider, userId, signInTime])),
  }
}
