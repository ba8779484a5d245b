import { createPrivateKey, sign } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { testSecrets } from './secrets.ts'

/** A decoded token, to be changed and signed again. */
export interface DecodedToken {
  readonly header: Readonly<Record<string, unknown>>
  readonly payload: Readonly<Record<string, unknown>>
}

const key = createPrivateKey(testSecrets.signingKeys[0].privateKey)
const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')

export const decodeToken = (token: string): DecodedToken => ({
  header: { ...decodeProtectedHeader(token) },
  payload: { ...decodeJwt(token) },
})

/** Signs a token with the key of the servers under test. */
export function signToken({ header, payload }: DecodedToken): string {
  const input = `${encode(header)}.${encode(payload)}`
  const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}

/** Replaces one character of a text by another one of base64url. */
export const withOtherCharacter = (text: string, index: number): string =>
  text.slice(0, index) + (text[index] === 'A' ? 'B' : 'A') + text.slice(index + 1)
