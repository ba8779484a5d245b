import { createHmac, createPublicKey } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { decodeToken, signToken, withOtherCharacter } from '../support/forge.ts'
import { callApi, fetchJson, getCodeFlowTokens } from '../support/oauth-client.ts'
import { testSecrets } from '../support/secrets.ts'
import { startServer } from '../support/server.ts'

const server = await startServer()
const user = await server.addUser()
const client = await server.addClient()
const visit = { server, browser: openBrowser(server), client, user }
const token = (await getCodeFlowTokens(visit)).access_token
const own = decodeToken(token)
const [header = '', payload = '', signature = ''] = token.split('.')
afterAll(server.close)

const statusOf = async (text: string): Promise<number> => (await callApi(server, '/me', text)).status
const withHeader = (changes: Record<string, unknown>): string =>
  signToken({ ...own, header: { ...own.header, ...changes } })

test('a token that is decoded and signed again is accepted, so the other tests are meaningful', async () => {
  expect(await statusOf(signToken(own))).toBe(200)
})

describe('the header of a token cannot choose', () => {
  test.each(['none', 'None', 'NONE', 'HS256', 'PS256', 'ES384', 'ES256K', 'EdDSA', '', null])(
    'the algorithm %j',
    async (alg) => {
      expect(await statusOf(withHeader({ alg }))).toBe(401)
    },
  )

  test('a MAC with the public key as its secret, in any encoding', async () => {
    const { keys } = (await fetchJson(server, '/.well-known/jwks.json')).body as { keys: [object] }
    const publicKey = createPublicKey(testSecrets.signingKeys[0].privateKey)
    const encodings = [
      publicKey.export({ type: 'spki', format: 'pem' }),
      publicKey.export({ type: 'spki', format: 'der' }),
      JSON.stringify(keys[0]),
      JSON.stringify(publicKey.export({ format: 'jwk' })),
      '',
    ]
    const macHeader = Buffer.from(JSON.stringify({ ...own.header, alg: 'HS256' })).toString('base64url')
    for (const secret of encodings) {
      const mac = createHmac('sha256', secret).update(`${macHeader}.${payload}`).digest('base64url')
      expect(await statusOf([macHeader, payload, mac].join('.'))).toBe(401)
    }
  })

  test('a key that it contains or links to, and nothing is fetched', async () => {
    const requested: string[] = []
    await using elsewhere = await startServer()
    elsewhere.server.on('request.refused', ({ path }) => void requested.push(path))
    const url = elsewhere.endpoint('/oauth/token')
    const jwk = createPublicKey(testSecrets.signingKeys[0].privateKey).export({ format: 'jwk' })
    const keyHeaders = { jku: url, x5u: url, jwk, x5c: ['MIIB'] }
    expect(await statusOf(withHeader({ ...keyHeaders, kid: 'theirs' }))).toBe(401)
    expect(requested).toEqual([])
    expect(await statusOf(withHeader(keyHeaders))).toBe(200)
  })

  test.each([['exp'], ['b64'], ['unknown'], []])('a critical extension %j', async (...crit) => {
    expect(await statusOf(withHeader({ crit, b64: true, unknown: 1 }))).toBe(401)
  })
})

describe('a changed token is rejected', () => {
  test('if one character is different', async () => {
    const indexes = Array.from({ length: token.length }, (_, index) => index).filter(
      (index) => index % 7 === 0 && token[index] !== '.',
    )
    const statuses = await Promise.all(indexes.map((index) => statusOf(withOtherCharacter(token, index))))
    expect(new Set(statuses)).toEqual(new Set([401]))
  })

  test('even if the guard has cached the token that the signature comes from', async () => {
    expect(await statusOf(token)).toBe(200)
    const claims = { ...own.payload, sub: 'another user', scope: '*' }
    const [, otherPayload] = signToken({ ...own, payload: claims }).split('.')
    expect(await statusOf([header, otherPayload, signature].join('.'))).toBe(401)
    expect(await statusOf(signature)).toBe(401)
    expect(await statusOf(token)).toBe(200)
  })

  test('if it is cut off or extended anywhere', async () => {
    const cuts = Array.from({ length: 40 }, (_, index) =>
      token.slice(0, Math.floor((token.length * index) / 40)),
    )
    const others = [
      `${header}.${payload}`,
      `${header}.${payload}.`,
      `${signature}.${payload}.${header}`,
      `${token}.`,
      `${token}.${signature}`,
      `${token}=`,
      `${token} x`,
      `.${token}`,
      'null',
      '{}',
    ]
    for (const text of [...cuts, ...others]) expect(await statusOf(text), text).toBe(401)
  })

  test('if its signature is all zeros (CVE-2022-21449)', async () => {
    expect(await statusOf(`${header}.${payload}.${Buffer.alloc(64).toString('base64url')}`)).toBe(401)
  })
})

/** The order of P-256. If (r, s) is a valid signature, so is (r, n − s). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

test('revoking a token also revokes its twin with the other valid signature', async () => {
  const { access_token: mine } = await getCodeFlowTokens(visit)
  const [head, body, text = ''] = mine.split('.')
  const bytes = Buffer.from(text, 'base64url')
  const s = ORDER - BigInt(`0x${bytes.subarray(32).toString('hex')}`)
  const otherHalf = Buffer.from(s.toString(16).padStart(64, '0'), 'hex')
  const other = Buffer.concat([bytes.subarray(0, 32), otherHalf]).toString('base64url')
  const twin = [head, body, other].join('.')
  expect(twin).not.toBe(mine)
  expect([await statusOf(mine), await statusOf(twin)]).toEqual([200, 200])
  const { jti, exp } = decodeToken(mine).payload
  await server.server.tokens.revoke({ tokenId: String(jti), expiresAt: Number(exp) * 1000 })
  expect([await statusOf(mine), await statusOf(twin)]).toEqual([401, 401])
})
