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
  test('contains its parts', () => {
    const tokens = tokensOf({ value: first })
    for (const generation of [0, 1, 10, 123_456, Number.MAX_SAFE_INTEGER]) {
      expect(tokens.parse(tokens.format({ ...parts, generation }))).toEqual({ ...parts, generation })
    }
    const uuid = { ...parts, authorizationId: '0b6d4f0e-9c3b-4b1e-8f5a-1d2c3b4a5968' }
    expect(tokens.parse(tokens.format(uuid))).toEqual(uuid)
  })

  test('has the documented format', () => {
    const { currentId } = keysOf({ value: first })
    const token = tokensOf({ value: first }).format(parts)
    const start = `cons_rt_${currentId}.${parts.authorizationId}.12.${parts.seed}.`
    expect(token.slice(0, start.length)).toBe(start)
    expect(token.slice(start.length)).toMatch(/^[\w-]{43}$/)
  })

  test('is the same for the same parts, so that a retry gets it again', () => {
    expect(tokensOf({ value: first }).format(parts)).toBe(tokensOf({ value: first }).format(parts))
  })
})

describe('a forged refresh token', () => {
  const tokens = tokensOf({ value: first })
  const token = tokens.format(parts)
  const [kid = '', id = '', generation = '', seed = '', mac = ''] = token.slice('cons_rt_'.length).split('.')
  const join = (...segments: readonly string[]) => `cons_rt_${segments.join('.')}`

  test('is rejected if any character is different', () => {
    expect(join(kid, id, generation, seed, mac)).toBe(token)
    for (let index = 0; index < token.length; index++) {
      for (const other of ['A', 'B', '1', '2', '-', '.', 'é']) {
        if (token[index] === other) continue
        expect(tokens.parse(token.slice(0, index) + other + token.slice(index + 1))).toBeUndefined()
      }
    }
  })

  test.each([
    ['another secret ID', join(keysOf({ value: second }).currentId, id, generation, seed, mac)],
    ['a property name as secret ID', join('toString', id, generation, seed, mac)],
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
    ['a moved separator', join(kid, `${id}1`, '2', seed, mac)],
    ['another MAC', join(kid, id, generation, seed, randomBase64url(32))],
    ['an empty MAC', join(kid, id, generation, seed, '')],
    ['a padded MAC', `${token}=`],
    ['an additional segment', `${token}.x`],
    ['an additional empty segment', `${token}.`],
    ['a missing segment', join(kid, id, generation, seed)],
    ['no prefix', token.slice('cons_rt_'.length)],
    ['another prefix', token.replace('cons_rt_', 'cons_at_')],
    ['a prefix twice', `cons_rt_${token}`],
    ['a line break at the end', `${token}\n`],
    ['a space at the start', ` ${token}`],
    ['a second line', `${token}\n${token}`],
    ['an empty string', ''],
    ['a megabyte', 'cons_rt_'.repeat(131_072)],
  ])('is rejected: %s', (_, forged) => {
    expect(tokens.parse(forged)).toBeUndefined()
  })

  test('is rejected if its MAC was created with the root secret itself', () => {
    const forgedMac = hmac(
      Buffer.from(first),
      JSON.stringify(['consulate refresh token 1', issuer, kid, id, 12, seed]),
    )
    expect(tokens.parse(join(kid, id, generation, seed, forgedMac))).toBeUndefined()
  })

  test('is rejected if another issuer created it with the same secret', () => {
    const other = createRefreshTokens(keysOf({ value: first }), 'https://other.example')
    expect(tokens.parse(other.format(parts))).toBeUndefined()
  })
})

describe('after the root secret was rotated', () => {
  const before = tokensOf({ value: first })
  const after = tokensOf({ value: first, state: 'retired' }, { value: second })

  test('refresh tokens of the retired secret are accepted, and new ones use the current secret', () => {
    expect(after.parse(before.format(parts))).toEqual(parts)
    expect(after.format(parts)).toBe(tokensOf({ value: second }).format(parts))
    expect(before.parse(after.format(parts))).toBeUndefined()
  })

  test('a token of one secret is not accepted as one of the other', () => {
    const [old, current] = [keysOf({ value: first }).currentId, keysOf({ value: second }).currentId]
    expect(after.parse(before.format(parts).replace(old, current))).toBeUndefined()
  })

  test('refresh tokens of a removed secret are rejected', () => {
    expect(tokensOf({ value: second }).parse(before.format(parts))).toBeUndefined()
  })
})

describe('derived keys', () => {
  const keys = keysOf({ value: first, state: 'retired' }, { value: second, state: 'current' })

  test('have 32 bytes, are the same on every node, and differ for each purpose and secret', () => {
    const again = keysOf({ value: second })
    const purposes = ['refresh-token', 'code', 'csrf', 'consent', 'user-code', 'personal-token'] as const
    // The last two are not purposes. Even they would not give the fingerprint or the ID of a secret.
    const all = [...purposes, ...(['fingerprint', 'id'] as string[] as KeyPurpose[])].map((purpose) => {
      expect(keys.key(purpose)).toHaveLength(32)
      expect(again.key(purpose)).toEqual(keys.key(purpose))
      expect(keysOf({ value: first }).key(purpose)).not.toEqual(keys.key(purpose))
      return keys.key(purpose).toString('base64url')
    })
    expect(new Set([...all, keys.fingerprint]).size).toBe(all.length + 1)
    expect(all.some((key) => key.startsWith(keys.currentId))).toBe(false)
  })

  test('are those that another program computed with HKDF-SHA256, because stored fingerprints depend on them', () => {
    const fixed = keysOf({ value: 'x'.repeat(43) })
    expect(fixed.currentId).toBe('gH1643kT')
    expect(fixed.fingerprint).toBe('oOKPPcD4MGx98189dMOe3T97XqKxTW5QXtrVMkcEWmE')
    expect(fixed.key('csrf').toString('hex')).toBe(
      '53029c0e06d7dcd617f31071ee6df0243b81a00fb54d0219acc7eb9af3f5ff81',
    )
  })

  test('are cached', () => {
    expect(keys.key('csrf')).toBe(keys.key('csrf'))
    expect(keys.keysById('csrf')).toBe(keys.keysById('csrf'))
  })

  test('are listed by the ID of their secret, the current one first', () => {
    const retired = keysOf({ value: first })
    expect([...keys.keysById('csrf')]).toEqual([
      [keys.currentId, keys.key('csrf')],
      [retired.currentId, retired.key('csrf')],
    ])
    expect(keys.fingerprints).toEqual([keys.fingerprint, retired.fingerprint])
    expect(keys.currentId).toMatch(/^[\w-]{8}$/)
  })

  test('ignore white space around the secret', () => {
    expect(keysOf({ value: `  ${second}\r\n` }).fingerprint).toBe(keys.fingerprint)
  })
})

describe('root secrets are rejected', () => {
  const problemsOf = (...secrets: readonly RootSecret[]) => {
    try {
      createDerivedKeys({ secrets })
      return []
    } catch (error) {
      return (error as ConfigError).problems.map(({ path, message }) => `${path}: ${message}`)
    }
  }
  const tooShort = 'must have at least 43 random characters, such as 32 bytes in base64url'

  test('if they are too short without white space', () => {
    expect(problemsOf({ value: first.slice(1) })).toEqual([`secrets.secrets[0]: ${tooShort}`])
    expect(problemsOf({ value: first.slice(1).padEnd(60) })).toEqual([`secrets.secrets[0]: ${tooShort}`])
    expect(problemsOf({ value: first })).toEqual([])
  })

  test('if not exactly one is current or one is repeated, with all problems', () => {
    const none = 'secrets.secrets: must contain exactly one current secret, not 0'
    expect(problemsOf()).toEqual([none])
    expect(problemsOf({ value: first, state: 'retired' })).toEqual([none])
    expect(problemsOf({ value: first }, { value: first }, { value: 'short' })).toEqual([
      'secrets.secrets: must contain exactly one current secret, not 3',
      'secrets.secrets[1]: is listed twice',
      `secrets.secrets[2]: ${tooShort}`,
    ])
  })

  test('with a ConfigError', () => {
    expect(() => createDerivedKeys({ secrets: [] })).toThrow(ConfigError)
  })
})
