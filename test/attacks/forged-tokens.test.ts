import { createHmac, createPublicKey } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { callApi, fetchJson, getTokens, getCodeFlowTokens } from '../support/oauth-client.ts'
import { testSecrets } from '../support/secrets.ts'
import { startServer } from '../support/server.ts'
import { openToken, signToken, withOtherCharacter } from './forge.ts'

const server = await startServer()
const user = await server.addUser()
const client = await server.addClient()
const machine = await server.addClient({ grantTypes: ['client_credentials'] })
const visit = { server, browser: openBrowser(server), client, user }
const token = (await getCodeFlowTokens(visit)).access_token
const machineToken = (await getTokens(server, machine, { grant_type: 'client_credentials' })).access_token
const [own, machines] = [openToken(token), openToken(machineToken)]
afterAll(server.close)

const statusOf = async (text: string, path = '/me'): Promise<number> =>
  (await callApi(server, path, text)).status
const withClaims = (claims: Record<string, unknown>): string =>
  signToken({ ...own, payload: { ...own.payload, ...claims } })
const withHeader = (header: Record<string, unknown>): string =>
  signToken({ ...own, header: { ...own.header, ...header } })

test('a token that was taken apart and signed again is accepted, so that what follows proves something', async () => {
  expect([await statusOf(signToken(own)), await statusOf(signToken(machines), '/machine')]).toEqual([
    200, 200,
  ])
})

describe('a token that our own key signed, but that lacks a claim, is refused:', () => {
  const optional = new Set(['sid'])

  test.each(Object.keys(own.payload).filter((name) => !optional.has(name)))(
    "a person's, without %s",
    async (name) => {
      // A token may have no scopes, but must say so.
      const empty = name === 'scope' ? [] : ['']
      for (const value of [undefined, null, [], {}, true, ...empty])
        expect(await statusOf(withClaims({ [name]: value })), JSON.stringify(value)).toBe(401)
    },
  )

  test.each(Object.keys(machines.payload).filter((name) => name !== 'scope'))(
    "a machine's, without %s",
    async (name) => {
      const payload = { ...machines.payload, [name]: undefined }
      expect(await statusOf(signToken({ ...machines, payload }), '/machine')).toBe(401)
    },
  )
})

describe('a token that our own key signed, but whose claims are not as ours, is refused:', () => {
  test.each<[string, Record<string, unknown>]>([
    ['another issuer', { iss: 'https://evil.example' }],
    ['an issuer that ends in a slash', { iss: `${server.issuer}/` }],
    ['another audience', { aud: 'https://evil.example' }],
    ['several audiences', { aud: [server.issuer, 'https://evil.example'] }],
    ['a list of one audience', { aud: [server.issuer] }],
    ['an expiry in the past', { exp: 1 }],
    ['an expiry that is a text', { exp: '9999999999' }],
    ['an expiry without end', { exp: 1e300 }],
    ['a broken expiry', { exp: Number(own.payload['exp']) + 0.5 }],
    ['a subject that is a number', { sub: 1 }],
    ['a scope that is a list', { scope: ['orders:read'] }],
    ['epochs that are texts', { epochs: ['0', '0', '0'] }],
    ['too few epochs', { epochs: [0, 0] }],
    ['epochs that are no list', { epochs: { length: 3 } }],
    ['a session that is empty', { sid: '' }],
    ['a session that is a list', { sid: ['x'] }],
    ['another kind of subject', { subject_type: 'admin' }],
    ['the kind of a machine, with what only people have', { subject_type: 'client' }],
    ['the people of another provider', { provider: 'staff' }],
  ])('%s', async (_, claims) => {
    expect(await statusOf(withClaims(claims))).toBe(401)
    expect(await statusOf(withClaims(claims), '/machine')).toBe(401)
  })

  test('a machine that says it were a person', async () => {
    const grown = { subject_type: 'user' }
    const payload = { ...machines.payload, ...grown }
    expect(await statusOf(signToken({ ...machines, payload }))).toBe(401)
    const subject = { ...machines.payload, sub: user.id }
    expect(await statusOf(signToken({ ...machines, payload: subject }), '/machine')).toBe(401)
  })
})

describe('the header chooses neither algorithm nor key:', () => {
  const kid = own.header['kid']

  test.each([
    'none',
    'None',
    'NONE',
    'HS256',
    'RS256',
    'PS256',
    'ES384',
    'ES256K',
    'EdDSA',
    'es256',
    '',
    undefined,
    null,
    ['ES256'],
  ])('alg %j under a right signature', async (alg) => {
    expect(await statusOf(withHeader({ alg }))).toBe(401)
  })

  test('a MAC with the public key, in all the spellings of that key', async () => {
    const { keys } = (await fetchJson(server, '/.well-known/jwks.json')).body as { keys: [object] }
    const publicKey = createPublicKey(testSecrets.signingKeys[0].privateKey)
    const spellings = [
      publicKey.export({ type: 'spki', format: 'pem' }),
      publicKey.export({ type: 'spki', format: 'der' }),
      JSON.stringify(keys[0]),
      JSON.stringify(publicKey.export({ format: 'jwk' })),
      '',
    ]
    const parts = [{ ...own.header, alg: 'HS256' }, own.payload].map((part) =>
      Buffer.from(JSON.stringify(part)).toString('base64url'),
    )
    for (const spelling of spellings) {
      const mac = createHmac('sha256', spelling).update(parts.join('.')).digest('base64url')
      expect(await statusOf([...parts, mac].join('.'))).toBe(401)
    }
  })

  test.each<[string, Record<string, unknown>]>([
    ['no kid', { kid: undefined }],
    ['an unknown kid', { kid: 'unknown' }],
    ['a kid that is a path', { kid: '../../../../dev/null' }],
    ['a kid that is a query', { kid: "' UNION SELECT 'secret' --" }],
    ['a kid that is a command', { kid: '|whoami' }],
    ['a kid that is an address', { kid: 'https://evil.example/key' }],
    ['the kid __proto__', { kid: '__proto__' }],
    ['the kid constructor', { kid: 'constructor' }],
    ['a list of the right kid', { kid: [kid] }],
    ['a very long kid', { kid: 'k'.repeat(4_000) }],
  ])('%s', async (_, header) => {
    expect(await statusOf(withHeader(header))).toBe(401)
  })

  test('keys that a token brings along or points at are not looked at: nobody asks for them', async () => {
    const asked: string[] = []
    await using elsewhere = await startServer()
    elsewhere.server.on('request.refused', ({ path }) => void asked.push(path))
    const url = elsewhere.endpoint('/oauth/token')
    const jwk = createPublicKey(testSecrets.signingKeys[0].privateKey).export({ format: 'jwk' })
    const brought = { jku: url, x5u: url, jwk, x5c: ['MIIB'], kid: 'theirs' }
    expect(await statusOf(withHeader(brought))).toBe(401)
    expect(asked).toEqual([])
    expect(await statusOf(withHeader({ ...brought, kid }))).toBe(200)
  })

  test.each([['exp'], ['b64'], ['nobody-knows'], []])('crit with %j', async (...crit) => {
    expect(await statusOf(withHeader({ crit, b64: true, 'nobody-knows': 1 }))).toBe(401)
  })
})

describe('a token that was changed on its way is refused', () => {
  test('wherever one character of it is another', async () => {
    const places = Array.from({ length: token.length }, (_, index) => index).filter(
      (index) => index % 7 === 0 && token[index] !== '.',
    )
    const statuses = await Promise.all(places.map((index) => statusOf(withOtherCharacter(token, index))))
    expect(new Set(statuses)).toEqual(new Set([401]))
  })

  test('though the guard remembers the token that its signature is from', async () => {
    expect(await statusOf(token)).toBe(200)
    const [header, , signature = ''] = token.split('.')
    const [, richer] = withClaims({ sub: 'somebody else', scope: '*' }).split('.')
    expect(await statusOf([header, richer, signature].join('.'))).toBe(401)
    expect(await statusOf(signature)).toBe(401)
    expect(await statusOf(token)).toBe(200)
  })

  test('wherever it was cut, and whatever was hung on', async () => {
    const cuts = Array.from({ length: 40 }, (_, index) =>
      token.slice(0, Math.floor((token.length * index) / 40)),
    )
    const parts = token.split('.')
    const odd = [
      parts.slice(0, 2).join('.'),
      `${parts.slice(0, 2).join('.')}.`,
      parts.toReversed().join('.'),
      `${token}.`,
      `${token}.${parts[2]}`,
      `${token}=`,
      `${token} x`,
      `.${token}`,
      'null',
      '{}',
    ]
    for (const text of [...cuts, ...odd]) expect(await statusOf(text), text).toBe(401)
  })

  test('whose signature is made of zeros (CVE-2022-21449)', async () => {
    const zeros = Buffer.alloc(64).toString('base64url')
    expect(await statusOf([...token.split('.').slice(0, 2), zeros].join('.'))).toBe(401)
  })
})

describe('one that can be written in two ways dies in both', () => {
  /** The order of P-256: (r, s) and (r, n − s) are both right signatures. */
  const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

  test('the twin of a token, with the other signature that fits, is revoked with it', async () => {
    const { access_token: mine } = await getCodeFlowTokens(visit)
    const [header, payload, signature = ''] = mine.split('.')
    const bytes = Buffer.from(signature, 'base64url')
    const s = ORDER - BigInt(`0x${bytes.subarray(32).toString('hex')}`)
    const other = Buffer.from(s.toString(16).padStart(64, '0'), 'hex')
    const twin = [header, payload, Buffer.concat([bytes.subarray(0, 32), other]).toString('base64url')].join(
      '.',
    )
    expect(twin).not.toBe(mine)
    expect([await statusOf(mine), await statusOf(twin)]).toEqual([200, 200])
    const { payload: claims } = openToken(mine)
    await server.server.tokens.revoke({
      tokenId: String(claims['jti']),
      expiresAt: Number(claims['exp']) * 1000,
    })
    expect([await statusOf(mine), await statusOf(twin)]).toEqual([401, 401])
  })
})
