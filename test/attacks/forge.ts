import { createPrivateKey, sign } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { testSecrets } from '../support/secrets.ts'

/** Header and payload of a token, to be changed and signed again. */
export interface Opened {
  readonly header: Readonly<Record<string, unknown>>
  readonly payload: Readonly<Record<string, unknown>>
}

const key = createPrivateKey(testSecrets.signingKeys[0].privateKey)
const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')

/** A genuine token taken apart. */
export const openToken = (token: string): Opened => ({
  header: { ...decodeProtectedHeader(token) },
  payload: { ...decodeJwt(token) },
})

/** A token whose signature is right: made with the very key of the servers under test. */
export function signToken({ header, payload }: Opened): string {
  const input = `${encode(header)}.${encode(payload)}`
  const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}

/** A text with one of its characters replaced by another one of base64url. */
export const withOtherCharacter = (text: string, index: number): string =>
  text.slice(0, index) + (text[index] === 'A' ? 'B' : 'A') + text.slice(index + 1)
