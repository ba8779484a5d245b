import { generateKeyPairSync, randomUUID, sign, verify } from 'node:crypto'
import type { AccessTokenClaims } from '../../../src/model/claims.ts'
import { CLIENT } from './requests.ts'

/** The key pair of this process. */
export const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

/** The issuer, user and API of all tokens. */
export const [ISSUER, USER, API] = ['https://auth.example.com', '4711', 'https://api.example.com']

const HEADER = encode({ alg: 'ES256', typ: 'at+jwt', kid: 'k'.repeat(43) })

/** The lifetime of a floor's token in seconds. */
export const LIFETIME = 3600

/** Signs an access token with all claims of a user token (RFC 9068), with ES256. */
export function issueToken(scope: string): string {
  const signed = `${HEADER}.${encode(claims(scope))}`
  return `${signed}.${toRaw(sign('sha256', Buffer.from(signed, 'latin1'), privateKey)).toString('base64url')}`
}

/** Verifies a token. Returns its claims, or undefined if the signature is invalid. */
export function verifyToken(token: string): AccessTokenClaims | undefined {
  const [header, payload, signature = ''] = token.split('.')
  const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const
  const isRight = verify(
    'sha256',
    Buffer.from(`${header}.${payload}`),
    key,
    Buffer.from(signature, 'base64url'),
  )
  return isRight
    ? (JSON.parse(Buffer.from(payload ?? '', 'base64url').toString()) as AccessTokenClaims)
    : undefined
}

/** The body of a successful token response (RFC 6749 section 5.1). */
export function tokenAnswer(accessToken: string, scope: string, refreshToken?: string): string {
  const answer = { access_token: accessToken, token_type: 'Bearer', expires_in: LIFETIME, scope }
  return JSON.stringify(refreshToken === undefined ? answer : { ...answer, refresh_token: refreshToken })
}

/**
 * Converts OpenSSL's DER to the ECDSA signature format of JWS, 32 bytes of r and 32 of s (RFC 7518 section 3.4).
 * Requesting `ieee-p1363` from node:crypto doubles the cost of a signature: see `signing.ts`.
 */
export function toRaw(der: Buffer): Buffer {
  const raw = Buffer.alloc(64)
  const rLength = der[3] ?? 0
  copyInteger(der, 4, rLength, raw, 32)
  copyInteger(der, 6 + rLength, der[5 + rLength] ?? 0, raw, 64)
  return raw
}

/** Right-aligns an ASN.1 integer, which may be shorter than 32 bytes or have a leading zero. */
function copyInteger(der: Buffer, start: number, length: number, raw: Buffer, end: number): void {
  const size = Math.min(length, 32)
  der.copy(raw, end - size, start + length - size, start + length)
}

function claims(scope: string): AccessTokenClaims {
  const iat = Math.floor(Date.now() / 1000)
  const authorization = 'a'.repeat(22)
  return {
    iss: ISSUER,
    sub: USER,
    aud: API,
    client_id: CLIENT.id,
    scope,
    jti: `${authorization}.${randomUUID()}`,
    iat,
    exp: iat + LIFETIME,
    subject_type: 'user',
    epochs: [0, 0, 0],
    provider: 'users',
    azn: authorization,
    sid: 's'.repeat(22),
  }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
