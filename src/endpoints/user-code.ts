import { randomInt } from 'node:crypto'
import { hmac } from '../lib/hash.ts'
import { USER_CODE_LENGTH, USER_CODE_LETTERS } from '../model/device-code.ts'
import type { Services } from './services.ts'

/** A new user code (RFC 8628 section 6.1): every letter as likely as any other. */
export const makeUserCode = (): string =>
  Array.from({ length: USER_CODE_LENGTH }, () => USER_CODE_LETTERS[randomInt(USER_CODE_LETTERS.length)]).join(
    '',
  )

/**
 * What a normalized user code is kept as, by every secret that it may have been made with, the current one first.
 * Issuers that share a database do not find each other's.
 */
export const userCodeHashes = (
  { derived, settings }: Pick<Services, 'derived' | 'settings'>,
  userCode: string,
): readonly string[] =>
  [...derived.keysById('user-code').values()].map((key) => hmac(key, `${settings.issuer} ${userCode}`))
