import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createKeySet } from '../../src/keys/key-set.ts'
import type { KeySet } from '../../src/keys/key-set.ts'

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ed25519 = generateKeyPairSync('ed25519')
const secrets = [{ value: 'a root secret that is long enough, and then some' }]
const claims = { sub: '7' }

const keySetOf = ({ privateKey }: typeof ec) => createKeySet({ signingKeys: [{ privateKey }], secrets })
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const accepts = async (keys: KeySet, token: string) => (await keys.verify(token, 'at+jwt')) !== undefined

/** Signs any header and payload with the EC key. */
function signWith(header: unknown, payload: unknown = claims) {
  const input = `${encode(header)}.${encode(payload)}`
  const signature = sign('sha256', Buffer.from(input), { key: ec.privateKey, dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}

describe('the algorithm is that of the key', () => {
  test('a token like ours is accepted, so the other tests are meaningful', async () => {
    const keys = await keySetOf(ec)
    const header = { alg: 'ES256', typ: 'at+jwt', kid: keys.currentKid }
    expect(await keys.verify(signWith(header), 'at+jwt')).toEqual({
      payload: claims,
      kid: keys.currentKid,
    })
  })

  test.each(['none', 'None', 'HS256', 'ES384', 'RS256', 'EdDSA', 'es256', '', undefined, null, ['ES256']])(
    'a header with alg %j is rejected, even with a valid signature',
    async (alg) => {
      const keys = await keySetOf(ec)
      expect(await accepts(keys, signWith({ alg, typ: 'at+jwt', kid: keys.currentKid }))).toBe(false)
    },
  )

  test('a token without a signature is rejected', async () => {
    const keys = await keySetOf(ec)
    for (const alg of ['none', 'ES256']) {
      const header = encode({ alg, typ: 'at+jwt', kid: keys.currentKid })
      expect(await accepts(keys, `${header}.${encode(claims)}.`)).toBe(false)
      expect(await accepts(keys, `${header}.${encode(claims)}`)).toBe(false)
    }
  })

  test('a MAC with the public key as its secret is rejected', async () => {
    const keys = await keySetOf(rsa)
    const publicKeys = [
      rsa.publicKey.export({ type: 'spki', format: 'pem' }),
      rsa.publicKey.export({ type: 'pkcs1', format: 'pem' }),
      JSON.stringify(keys.jwks().keys[0]),
    ]
    for (const publicKey of publicKeys) {
      const input = `${encode({ alg: 'HS256', typ: 'at+jwt', kid: keys.currentKid })}.${encode(claims)}`
      const mac = createHmac('sha256', publicKey).update(input).digest('base64url')
      expect(await accepts(keys, `${input}.${mac}`)).toBe(false)
    }
  })

  test('RS256 is not accepted as PS256, although the key is the same', async () => {
    const signingKeys = [{ privateKey: rsa.privateKey, algorithm: 'PS256' }] as const
    const [rs256, ps256] = [await keySetOf(rsa), await createKeySet({ signingKeys, secrets })]
    expect(rs256.currentKid).toBe(ps256.currentKid)
    expect(await accepts(ps256, rs256.sign('at+jwt', claims))).toBe(false)
    expect(await accepts(rs256, ps256.sign('at+jwt', claims))).toBe(false)
  })
})

describe('the header is not trusted', () => {
  test.each([
    ['refresh+jwt'],
    ['JWT'],
    ['AT+JWT'],
    ['application/at+jwt'],
    [''],
    [undefined],
    [null],
    [{ toString: 'at+jwt' }],
  ])('the type %j is not at+jwt', async (typ) => {
    const keys = await keySetOf(ec)
    expect(await accepts(keys, signWith({ alg: 'ES256', typ, kid: keys.currentKid }))).toBe(false)
  })

  test('a session token is not an access token', async () => {
    const keys = await keySetOf(ec)
    expect(await accepts(keys, keys.sign('session+jwt', claims))).toBe(false)
  })

  test.each([
    ['__proto__'],
    ['constructor'],
    ['hasOwnProperty'],
    ['../../etc/passwd'],
    ["' OR 1=1 --"],
    [''],
    ['k'.repeat(10_000)],
    [undefined],
    [null],
    [0],
    [{}],
    [[]],
  ])('the kid %j is unknown', async (kid) => {
    expect(await accepts(await keySetOf(ec), signWith({ alg: 'ES256', typ: 'at+jwt', kid }))).toBe(false)
  })

  test('a list that contains the kid is unknown', async () => {
    const keys = await keySetOf(ec)
    const header = { alg: 'ES256', typ: 'at+jwt', kid: [keys.currentKid] }
    expect(await accepts(keys, signWith(header))).toBe(false)
  })

  test('a key in the token is not used', async () => {
    const keys = await keySetOf(ed25519)
    const jwk = ec.publicKey.export({ format: 'jwk' })
    const keyHeaders = { jwk, jku: 'https://evil.example/jwks', x5u: 'https://evil.example/x5u' }
    for (const kid of [keys.currentKid, (await keySetOf(ec)).currentKid, undefined]) {
      expect(await accepts(keys, signWith({ alg: 'ES256', typ: 'at+jwt', kid, ...keyHeaders }))).toBe(false)
    }
  })

  test.each([[[]], [['exp']], [['b64']], [null], ['exp']])('crit %j is rejected', async (crit) => {
    const keys = await keySetOf(ec)
    const header = { alg: 'ES256', typ: 'at+jwt', kid: keys.currentKid, crit, b64: false }
    expect(await accepts(keys, signWith(header))).toBe(false)
  })

  test('a token of an unknown key is rejected', async () => {
    const [mine, other] = [await keySetOf(ec), await keySetOf(ed25519)]
    expect(await accepts(mine, other.sign('at+jwt', claims))).toBe(false)
  })
})

describe.each([
  ['ES256', ec],
  ['RS256', rsa],
  ['EdDSA', ed25519],
])('a changed token (%s)', (_, pair) => {
  test('is rejected if a bit of the signature or a character of the rest is different', async () => {
    const keys = await keySetOf(pair)
    const token = keys.sign('at+jwt', claims)
    const [header = '', payload = '', signature = ''] = token.split('.')
    const bytes = Buffer.from(signature, 'base64url')
    for (let index = 0; index < bytes.length; index++) {
      const changed = Buffer.from(bytes)
      changed.writeUInt8(changed.readUInt8(index) ^ (1 << (index % 8)), index)
      expect(await accepts(keys, `${header}.${payload}.${changed.toString('base64url')}`)).toBe(false)
    }
    for (let index = 0; index < header.length + payload.length; index++) {
      const replacement = token[index] === 'A' ? 'B' : 'A'
      expect(await accepts(keys, token.slice(0, index) + replacement + token.slice(index + 1))).toBe(false)
    }
  })

  test('is rejected if it is cut off anywhere', async () => {
    const keys = await keySetOf(pair)
    const token = keys.sign('at+jwt', claims)
    for (let length = 0; length < token.length; length++) {
      expect(await accepts(keys, token.slice(0, length))).toBe(false)
    }
    expect(await accepts(keys, token)).toBe(true)
  })

  test('is rejected if the signature is encoded in another way', async () => {
    const keys = await keySetOf(pair)
    const token = keys.sign('at+jwt', claims)
    const bytesOf = (text: string) => Buffer.from(text.split('.')[2] ?? '', 'base64url').toString('hex')
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const twins = Array.from(alphabet)
      .map((last) => token.slice(0, -1) + last)
      .filter((twin) => twin !== token && bytesOf(twin) === bytesOf(token))
    expect(twins.length).toBeGreaterThan(0)
    const padded = [`${token}=`, `${token}==`, `${token} `, `${token}\n`, ` ${token}`, `${token}é`]
    const dotted = [`${token}.`, `${token}.x`, `.${token}`, `${token}.x.y`]
    const standard = `${token.slice(0, -86)}${token.slice(-86).replaceAll('-', '+').replaceAll('_', '/')}`
    for (const twin of [...twins, ...padded, ...dotted]) expect(await accepts(keys, twin)).toBe(false)
    expect(await accepts(keys, standard)).toBe(standard === token)
  })
})

describe('an ES256 signature', () => {
  const withSignature = async (signature: Buffer) => {
    const keys = await keySetOf(ec)
    const [header, payload] = keys.sign('at+jwt', claims).split('.')
    return accepts(keys, `${header}.${payload}.${signature.toString('base64url')}`)
  }

  test('of zeros, of ones or of another length is rejected', async () => {
    for (const length of [0, 1, 63, 64, 65, 70, 72, 128]) {
      expect(await withSignature(Buffer.alloc(length))).toBe(false)
      expect(await withSignature(Buffer.alloc(length, 0xff))).toBe(false)
    }
  })

  test('in DER is rejected, although it is valid', async () => {
    const keys = await keySetOf(ec)
    const [header, payload] = keys.sign('at+jwt', claims).split('.')
    const der = sign('sha256', Buffer.from(`${header}.${payload}`), ec.privateKey)
    expect(await accepts(keys, `${header}.${payload}.${der.toString('base64url')}`)).toBe(false)
  })
})

describe('a malformed token', () => {
  test.each([
    [''],
    ['.'],
    ['..'],
    ['...'],
    ['a.b.c'],
    ['é.ü.ß'],
    ['.'.repeat(16_000)],
    [`${encode([])}.${encode(claims)}.AAAA`],
    [`${encode(null)}.${encode(claims)}.AAAA`],
    [`${Buffer.from('['.repeat(8000)).toString('base64url')}.${encode(claims)}.AAAA`],
    ['\0\0\0'],
  ])('is rejected without an exception: %j', async (token) => {
    expect(await (await keySetOf(ec)).verify(token, 'at+jwt')).toBeUndefined()
  })

  test.each([[[1]], ['text'], [null], [7]])('is rejected if its payload is %j', async (payload) => {
    const keys = await keySetOf(ec)
    const header = { alg: 'ES256', typ: 'at+jwt', kid: keys.currentKid }
    expect(await accepts(keys, signWith(header, payload))).toBe(false)
  })

  test('is rejected if it is longer than 16 KiB', async () => {
    const keys = await keySetOf(ec)
    expect(await accepts(keys, keys.sign('at+jwt', { pad: 'x'.repeat(12_000) }))).toBe(true)
    expect(await accepts(keys, keys.sign('at+jwt', { pad: 'x'.repeat(12_200) }))).toBe(false)
  })
})
