import { randomInt } from 'node:crypto'
import { hmac } from '../lib/hash.ts'
import { USER_CODE_LENGTH, USER_CODE_LETTERS } from '../model/device-code.ts'
import type { Services } from './services.ts'

/** Creates a random user code (RFC 8628 section 6.1). */
export const createUserCode = (): string =>
  Array.from({ length: USER_CODE_LENGTH }, () => USER_CODE_LETTERS[randomInt(USER_CODE_LETTERS.length)]).join(
    '',
  )

/**
 * Returns the hashes of a normalized user code, one for each root secret, the current one first. They depend on the
 * issuer, so that issuers with a common database do not find each other's codes.
 */
export const userCodeHashes = (
  { derived, settings }: Pick<Services, 'derived' | 'settings'>,
  userCode: string,
): readonly string[] =>
  [...derived.keysById('user-code').values()].map((key) => hmac(key, `${settings.issuer} ${userCode}`))
