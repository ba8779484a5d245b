import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { calculateJwkThumbprint, createLocalJWKSet, decodeProtectedHeader, exportJWK, jwtVerify } from 'jose'
import { describe, expect, test } from 'vitest'
import { derToRaw, rawToDer } from '../../src/keys/algorithm.ts'
import { createKeySet } from '../../src/keys/key-set.ts'
import type { Secrets, SigningAlgorithm, SigningKey } from '../../src/keys/secrets.ts'

const secrets = [{ value: 'a root secret that is long enough, and then some' }]
const claims = { iss: 'https://issuer.example', sub: '7', scope: 'orders:read', name: 'Zoë 🚀' }

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const ed25519 = generateKeyPairSync('ed25519').privateKey

const keySetOf = (...signingKeys: readonly SigningKey[]) => createKeySet({ signingKeys, secrets })
const problemsOf = (secrets: Secrets) =>
  createKeySet(secrets).then(
    () => [],
    (error: { problems: { path: string; message: string }[] }) =>
      error.problems.map(({ path, message }) => `${path}: ${message}`),
  )

const algorithms: readonly (readonly [SigningAlgorithm, KeyObject])[] = [
  ['ES256', ec],
  ['RS256', rsa],
  ['PS256', rsa],
  ['EdDSA', ed25519],
]

describe.each(algorithms)('%s', (algorithm, privateKey) => {
  test('verifies its own signatures', async () => {
    const keys = await keySetOf({ privateKey, algorithm })
    const token = keys.sign('at+jwt', claims)
    expect(await keys.verify(token, 'at+jwt')).toEqual({ payload: claims, kid: keys.currentKid })
    expect(keys.algorithm).toBe(algorithm)
  })

  test('is verified by jose with the published keys', async () => {
    const keys = await keySetOf({ privateKey, algorithm })
    const published = createLocalJWKSet({ keys: [...keys.jwks().keys] })
    for (let round = 0; round < (algorithm === 'ES256' ? 300 : 5); round++) {
      const { payload, protectedHeader } = await jwtVerify(
        keys.sign('at+jwt', { ...claims, round }),
        published,
      )
      expect(payload).toEqual({ ...claims, round })
      expect(protectedHeader).toEqual({ alg: algorithm, typ: 'at+jwt', kid: keys.currentKid })
    }
  })

  test('publishes the public key only, with its thumbprint as kid', async () => {
    const keys = await keySetOf({ privateKey, algorithm })
    const [jwk = {}] = keys.jwks().keys
    const secret = Object.keys(await exportJWK(privateKey)).filter((name) =>
      ['d', 'p', 'q', 'dp', 'dq', 'qi'].includes(name),
    )
    expect(secret).not.toEqual([])
    for (const name of secret) expect(jwk).not.toHaveProperty(name)
    expect(jwk).toMatchObject({ kid: await calculateJwkThumbprint(jwk as never), alg: algorithm, use: 'sig' })
  })
})

describe('a private key in PEM', () => {
  const forms: readonly (readonly [string, KeyObject, 'pkcs1' | 'sec1' | 'pkcs8'])[] = [
    ['RSA as PKCS#1', rsa, 'pkcs1'],
    ['EC as SEC1', ec, 'sec1'],
    ['RSA as PKCS#8', rsa, 'pkcs8'],
    ['EC as PKCS#8', ec, 'pkcs8'],
    ['Ed25519 as PKCS#8', ed25519, 'pkcs8'],
  ]

  test.each(forms)('is parsed: %s', async (_, key, type) => {
    const pem = key.export({ type, format: 'pem' } as { type: 'pkcs8'; format: 'pem' }).toString()
    const expected = (await keySetOf({ privateKey: key })).currentKid
    const variants = {
      plain: pem,
      'with literal \\n': pem.replaceAll('\n', '\\n'),
      'with literal \\r\\n': pem.replaceAll('\n', '\\r\\n'),
      'from Windows': pem.replaceAll('\n', '\r\n'),
      'without the last line break': pem.trim(),
      'after EC parameters': `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${pem}`,
    }
    for (const [variant, privateKey] of Object.entries(variants)) {
      expect((await keySetOf({ privateKey })).currentKid, variant).toBe(expected)
    }
  })

  test('signs with the algorithm of its type by default', async () => {
    expect((await keySetOf({ privateKey: ec })).algorithm).toBe('ES256')
    expect((await keySetOf({ privateKey: rsa })).algorithm).toBe('RS256')
    expect((await keySetOf({ privateKey: ed25519 })).algorithm).toBe('EdDSA')
    expect((await keySetOf({ privateKey: rsa, algorithm: 'PS256' })).algorithm).toBe('PS256')
  })
})

describe('states', () => {
  const keys = keySetOf(
    { privateKey: ed25519, state: 'retired' },
    { privateKey: ec, state: 'current' },
    { privateKey: rsa, state: 'next' },
  )

  test('only the current key signs', async () => {
    const current = await keySetOf({ privateKey: ec })
    expect((await keys).currentKid).toBe(current.currentKid)
    expect(decodeProtectedHeader((await keys).sign('at+jwt', claims)).kid).toBe(current.currentKid)
  })

  test('tokens of next, current and retired keys are accepted', async () => {
    for (const privateKey of [ed25519, ec, rsa]) {
      const other = await keySetOf({ privateKey })
      expect(await (await keys).verify(other.sign('at+jwt', claims), 'at+jwt')).toEqual({
        payload: claims,
        kid: other.currentKid,
      })
      expect((await keys).isTrusted(other.currentKid)).toBe(true)
    }
  })

  test('all keys are published, the current one first', async () => {
    expect((await keys).jwks().keys.map(({ alg }) => alg)).toEqual(['ES256', 'EdDSA', 'RS256'])
  })

  test('a key that is not in the set is not trusted', async () => {
    const others = await keySetOf({ privateKey: ec })
    const { currentKid } = await keySetOf({ privateKey: rsa })
    expect(others.isTrusted(currentKid)).toBe(false)
    expect(others.isTrusted('__proto__')).toBe(false)
  })
})

describe('a key set is rejected', () => {
  const publicKey = generateKeyPairSync('ed25519').publicKey
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey
  const ed448 = generateKeyPairSync('ed448').privateKey
  const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey
  const encrypted = (type: 'pkcs1' | 'pkcs8') =>
    rsa.export({ type, format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }).toString()

  const cases: readonly (readonly [string, SigningKey, string])[] = [
    ['RSA under 2048 bits', { privateKey: weak }, 'must have at least 2048 bits, not 1024'],
    ['another curve', { privateKey: p384 }, 'must be an EC key on the curve P-256 for ES256, not secp384r1'],
    ['an Ed448 key', { privateKey: ed448 }, 'must be a key for ES256, RS256, PS256, EdDSA'],
    ['RSA bound to PSS', { privateKey: pss }, 'must be a key for ES256, RS256, PS256, EdDSA'],
    ['EC for RS256', { privateKey: ec, algorithm: 'RS256' }, 'must be an RSA key for RS256'],
    [
      'RSA for ES256',
      { privateKey: rsa, algorithm: 'ES256' },
      'must be an EC key on the curve P-256 for ES256',
    ],
    ['RSA for EdDSA', { privateKey: rsa, algorithm: 'EdDSA' }, 'must be an Ed25519 key for EdDSA'],
    [
      'an unknown algorithm',
      { privateKey: rsa, algorithm: 'HS256' as 'RS256' },
      'must be a key for ES256, RS256, PS256, EdDSA',
    ],
    ['a public key', { privateKey: publicKey }, 'must be a private key, not a public key'],
    [
      'a public key in PEM',
      { privateKey: publicKey.export({ type: 'spki', format: 'pem' }).toString() },
      'must be a private key in PEM format (PKCS#8, PKCS#1 or SEC1)',
    ],
    [
      'a text that is not PEM',
      { privateKey: 'hunter2' },
      'must be a private key in PEM format (PKCS#8, PKCS#1 or SEC1)',
    ],
    ['encrypted PKCS#8', { privateKey: encrypted('pkcs8') }, 'is encrypted. Remove the passphrase'],
    ['encrypted PKCS#1', { privateKey: encrypted('pkcs1') }, 'is encrypted. Remove the passphrase'],
  ]

  test.each(cases)('for %s', async (_, signingKey, message) => {
    expect(await problemsOf({ signingKeys: [signingKey], secrets })).toEqual([
      `secrets.signingKeys[0]: ${message}`,
    ])
  })

  test('for no current key and for more than one', async () => {
    const message = (count: number) =>
      `secrets.signingKeys: must contain exactly one current key, not ${count}`
    expect(await problemsOf({ signingKeys: [], secrets })).toEqual([message(0)])
    expect(await problemsOf({ signingKeys: [{ privateKey: ec, state: 'next' }], secrets })).toEqual([
      message(0),
    ])
    expect(await problemsOf({ signingKeys: [{ privateKey: ec }, { privateKey: rsa }], secrets })).toEqual([
      message(2),
    ])
  })

  test('for a repeated key, even with two algorithms', async () => {
    const signingKeys: readonly SigningKey[] = [
      { privateKey: rsa, algorithm: 'RS256' },
      { privateKey: rsa, algorithm: 'PS256', state: 'next' },
    ]
    expect(await problemsOf({ signingKeys, secrets })).toEqual(['secrets.signingKeys[1]: is listed twice'])
  })

  test('with all problems, which contain no secret', async () => {
    const problems = await problemsOf({
      signingKeys: [{ privateKey: 'hunter2' }, { privateKey: weak }],
      secrets: [{ value: 'hunter2' }, { value: 'b'.repeat(43), state: 'retired' }],
    })
    expect(problems.map((problem) => problem.split(':')[0])).toEqual([
      'secrets.signingKeys',
      'secrets.secrets[0]',
      'secrets.signingKeys[0]',
      'secrets.signingKeys[1]',
    ])
    expect(problems.join()).not.toContain('hunter2')
  })
})

test('P-256 signatures with short and high numbers can be converted to DER and back', () => {
  const ends = ['00', '01', '7f', '80', 'ff']
  for (const first of ends) {
    for (const second of ends) {
      for (const zeros of [0, 1, 31]) {
        const half = (byte: string) => '00'.repeat(zeros) + byte + 'a5'.repeat(31 - zeros)
        const raw = Buffer.from(half(first) + half(second), 'hex')
        expect(derToRaw(rawToDer(raw)).toString('hex')).toBe(raw.toString('hex'))
      }
    }
  }
})
