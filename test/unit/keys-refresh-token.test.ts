import { describe, expect, test } from 'vitest'
import { ConfigError } from '../../src/errors.ts'
import { hmac, randomBase64url } from '../../src/lib/hash.ts'
import { createDerivedKeys, type KeyPurpose } from '../../src/keys/derived.ts'
import { createRefreshTokens } from '../../src/keys/refresh-token.ts'
import type { RootSecret } from '../../src/keys/secrets.ts'

const issuer = 'https://issuer.example'
const [first, second] = [randomBase64url(32), randomBase64url(32)]
const keysOf = (...secrets: readonly RootSecret[]) => createDerivedKeys({ secrets })
const tokensOf = (...secrets: readonly RootSecret[]) => createRefreshTokens(keysOf(...secrets), issuer)

const parts = { authorizationId: randomBase64url(16), generation: 12, seed: randomBase64url(16) }

describe('a refresh token', () => {
  test('says what it was made of', () => {
    const tokens = tokensOf({ value: first })
    for (const generation of [0, 1, 10, 123_456, Number.MAX_SAFE_INTEGER]) {
      expect(tokens.parse(tokens.format({ ...parts, generation }))).toEqual({ ...parts, generation })
    }
    const uuid = { ...parts, authorizationId: '0b6d4f0e-9c3b-4b1e-8f5a-1d2c3b4a5968' }
    expect(tokens.parse(tokens.format(uuid))).toEqual(uuid)
  })

  test('has the documented form', () => {
    const { currentId } = keysOf({ value: first })
    const token = tokensOf({ value: first }).format(parts)
    const start = `cons_rt_${currentId}.${parts.authorizationId}.12.${parts.seed}.`
    expect(token.slice(0, start.length)).toBe(start)
    expect(token.slice(start.length)).toMatch(/^[\w-]{43}$/)
  })

  test('is the same text for the same parts, so that a retry can get it again', () => {
    expect(tokensOf({ value: first }).format(parts)).toBe(tokensOf({ value: first }).format(parts))
  })
})

describe('a forged refresh token', () => {
  const tokens = tokensOf({ value: first })
  const token = tokens.format(parts)
  const [kid = '', id = '', generation = '', seed = '', mac = ''] = token.slice('cons_rt_'.length).split('.')
  const join = (...segments: readonly string[]) => `cons_rt_${segments.join('.')}`

  test('is refused with any character changed', () => {
    expect(join(kid, id, generation, seed, mac)).toBe(token)
    for (let index = 0; index < token.length; index++) {
      for (const other of ['A', 'B', '1', '2', '-', '.', 'é']) {
        if (token[index] === other) continue
        expect(tokens.parse(token.slice(0, index) + other + token.slice(index + 1))).toBeUndefined()
      }
    }
  })

  test.each([
    ['another secret id', join(keysOf({ value: second }).currentId, id, generation, seed, mac)],
    ['a prototype name for a secret id', join('toString', id, generation, seed, mac)],
    ['another authorization', join(kid, randomBase64url(16), generation, seed, mac)],
    ['an empty authorization', join(kid, '', generation, seed, mac)],
    ['a higher generation', join(kid, id, '13', seed, mac)],
    ['a leading zero', join(kid, id, '012', seed, mac)],
    ['a plus', join(kid, id, '+12', seed, mac)],
    ['a negative generation', join(kid, id, '-12', seed, mac)],
    ['a fraction', join(kid, id, '12.0', seed, mac)],
    ['an exponent', join(kid, id, '1.2e1', seed, mac)],
    ['a hexadecimal generation', join(kid, id, '0xc', seed, mac)],
    ['an unsafe generation', join(kid, id, '9007199254740993', seed, mac)],
    ['a huge generation', join(kid, id, '9'.repeat(80), seed, mac)],
    ['an empty generation', join(kid, id, '', seed, mac)],
    ['another seed', join(kid, id, generation, randomBase64url(16), mac)],
    ['a shorter seed', join(kid, id, generation, seed.slice(1), mac)],
    ['a moved border between fields', join(kid, `${id}1`, '2', seed, mac)],
    ['another MAC', join(kid, id, generation, seed, randomBase64url(32))],
    ['an empty MAC', join(kid, id, generation, seed, '')],
    ['a padded MAC', `${token}=`],
    ['one segment more', `${token}.x`],
    ['an empty segment more', `${token}.`],
    ['one segment less', join(kid, id, generation, seed)],
    ['no prefix', token.slice('cons_rt_'.length)],
    ['another prefix', token.replace('cons_rt_', 'cons_at_')],
    ['a prefix twice', `cons_rt_${token}`],
    ['a line break behind', `${token}\n`],
    ['a space before', ` ${token}`],
    ['a second line', `${token}\n${token}`],
    ['nothing', ''],
    ['a megabyte', 'cons_rt_'.repeat(131_072)],
  ])('is refused: %s', (_, forged) => {
    expect(tokens.parse(forged)).toBeUndefined()
  })

  test('is refused when its MAC was made with the root secret itself', () => {
    const forgedMac = hmac(
      Buffer.from(first),
      JSON.stringify(['consulate refresh token 1', issuer, kid, id, 12, seed]),
    )
    expect(tokens.parse(join(kid, id, generation, seed, forgedMac))).toBeUndefined()
  })

  test('is refused when another issuer made it with the same secret', () => {
    const other = createRefreshTokens(keysOf({ value: first }), 'https://other.example')
    expect(tokens.parse(other.format(parts))).toBeUndefined()
  })
})

describe('when the secret is rotated', () => {
  const before = tokensOf({ value: first })
  const after = tokensOf({ value: first, state: 'retired' }, { value: second })

  test('refresh tokens of the retired secret are still accepted, new ones are made with the current one', () => {
    expect(after.parse(before.format(parts))).toEqual(parts)
    expect(after.format(parts)).toBe(tokensOf({ value: second }).format(parts))
    expect(before.parse(after.format(parts))).toBeUndefined()
  })

  test('a token of one secret cannot pass for one of the other', () => {
    const [old, current] = [keysOf({ value: first }).currentId, keysOf({ value: second }).currentId]
    expect(after.parse(before.format(parts).replace(old, current))).toBeUndefined()
  })

  test('refresh tokens of a removed secret are refused', () => {
    expect(tokensOf({ value: second }).parse(before.format(parts))).toBeUndefined()
  })
})

describe('derived keys', () => {
  const keys = keysOf({ value: first, state: 'retired' }, { value: second, state: 'current' })

  test('are 32 bytes, the same on every node, and differ for every purpose and secret', () => {
    const again = keysOf({ value: second })
    const purposes = ['refresh-token', 'code', 'csrf', 'consent', 'user-code', 'personal-token'] as const
    // The last two are no purposes: not even they would derive what the store and every token name a secret by.
    const all = [...purposes, ...(['fingerprint', 'id'] as string[] as KeyPurpose[])].map((purpose) => {
      expect(keys.key(purpose)).toHaveLength(32)
      expect(again.key(purpose)).toEqual(keys.key(purpose))
      expect(keysOf({ value: first }).key(purpose)).not.toEqual(keys.key(purpose))
      return keys.key(purpose).toString('base64url')
    })
    expect(new Set([...all, keys.fingerprint]).size).toBe(all.length + 1)
    expect(all.some((key) => key.startsWith(keys.currentId))).toBe(false)
  })

  test('are those of HKDF-SHA256, which another program worked out: stored fingerprints depend on it', () => {
    const fixed = keysOf({ value: 'x'.repeat(43) })
    expect(fixed.currentId).toBe('gH1643kT')
    expect(fixed.fingerprint).toBe('oOKPPcD4MGx98189dMOe3T97XqKxTW5QXtrVMkcEWmE')
    expect(fixed.key('csrf').toString('hex')).toBe(
      '53029c0e06d7dcd617f31071ee6df0243b81a00fb54d0219acc7eb9af3f5ff81',
    )
  })

  test('of a purpose are kept', () => {
    expect(keys.key('csrf')).toBe(keys.key('csrf'))
    expect(keys.keysById('csrf')).toBe(keys.keysById('csrf'))
  })

  test('are listed by the id of their secret, the current one first', () => {
    const retired = keysOf({ value: first })
    expect([...keys.keysById('csrf')]).toEqual([
      [keys.currentId, keys.key('csrf')],
      [retired.currentId, retired.key('csrf')],
    ])
    expect(keys.fingerprints).toEqual([keys.fingerprint, retired.fingerprint])
    expect(keys.currentId).toMatch(/^[\w-]{8}$/)
  })

  test('do not depend on white space around the secret', () => {
    expect(keysOf({ value: `  ${second}\r\n` }).fingerprint).toBe(keys.fingerprint)
  })
})

describe('root secrets are refused', () => {
  const problemsOf = (...secrets: readonly RootSecret[]) => {
    try {
      createDerivedKeys({ secrets })
      return []
    } catch (error) {
      return (error as ConfigError).problems.map(({ path, message }) => `${path}: ${message}`)
    }
  }
  const tooShort = 'is too short: it needs 43 random characters or more, such as 32 bytes as base64url'

  test('when they are too short, white space not counted', () => {
    expect(problemsOf({ value: first.slice(1) })).toEqual([`secrets.secrets[0]: ${tooShort}`])
    expect(problemsOf({ value: first.slice(1).padEnd(60) })).toEqual([`secrets.secrets[0]: ${tooShort}`])
    expect(problemsOf({ value: first })).toEqual([])
  })

  test('when not exactly one is current, and when one is repeated, all at once', () => {
    const none = 'secrets.secrets: needs exactly one current secret, not none'
    expect(problemsOf()).toEqual([none])
    expect(problemsOf({ value: first, state: 'retired' })).toEqual([none])
    expect(problemsOf({ value: first }, { value: first }, { value: 'short' })).toEqual([
      'secrets.secrets: needs exactly one current secret, not 3',
      'secrets.secrets[1]: is listed twice',
      `secrets.secrets[2]: ${tooShort}`,
    ])
  })

  test('as a configuration error', () => {
    expect(() => createDerivedKeys({ secrets: [] })).toThrow(ConfigError)
  })
})
