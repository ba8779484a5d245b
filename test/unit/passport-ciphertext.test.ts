import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { decrypt, isCiphertext, parseEncryptionKey } from '../../src/passport/ciphertext.ts'
import { configProblems } from '../support/config.ts'
import { PHP } from '../support/php-vectors.ts'

const keyOf = (text: string) => parseEncryptionKey(text) ?? expect.fail('not a key')

describe("a ciphertext of Passport's refresh tokens", () => {
  test.each([
    ["Laravel's APP_KEY", PHP.encryptedWithPassword, PHP.appKey],
    ['a key of its own', PHP.encryptedWithKey, PHP.defuseKey],
  ])('that PHP wrote with %s is decrypted', async (_, text, key) => {
    expect(JSON.parse((await decrypt(text, keyOf(key))) ?? '')).toEqual(PHP.content)
  })

  test('is rejected if a character was changed, or with another key', async () => {
    const key = keyOf(PHP.defuseKey)
    const text = PHP.encryptedWithKey
    for (let index = 8; index < text.length; index += 37) {
      const changed = text.slice(0, index) + (text[index] === '0' ? '1' : '0') + text.slice(index + 1)
      expect(await decrypt(changed, key)).toBe(undefined)
    }
    expect(await decrypt(text, { ...key, bytes: Buffer.alloc(32) })).toBe(undefined)
    expect(await decrypt(text.slice(0, -2), key)).toBe(undefined)
    expect(await decrypt('', key)).toBe(undefined)
  })

  test.each([
    ['empty text', ''],
    ['a short one', 'def50200'],
    ['another version', PHP.encryptedWithKey.replace('def502', 'def501')],
    ['an odd number of characters', PHP.encryptedWithKey.slice(0, -1)],
    ['a huge one', `def50200${'00'.repeat(100_000)}`],
    ['other characters', `${PHP.encryptedWithKey.slice(0, -2)}zz`],
  ])('is rejected before a key is derived: %s', (_, text) => {
    expect(isCiphertext(text)).toBe(false)
  })
})

describe('passport in the configuration', () => {
  test('rejects keys that are missing, private, too short or not keys, and misspelled options', () => {
    const problems = configProblems({ passport: { publicKey: 'nonsense', appKey: 'short', apKey: '' } })
    expect(problems).toEqual([
      'passport.apKey: unknown option. Did you mean appKey?',
      "passport.appKey: must be Laravel's APP_KEY: base64: and 16 or 32 bytes",
      "passport.publicKey: must be Passport's public key in PEM format, as in storage/oauth-public.key",
    ])
    const privateKey = '-----BEGIN PRIVATE KEY-----'
    expect(configProblems({ passport: { publicKey: privateKey } })).toEqual([
      'passport.publicKey: must be the public key, not the private one',
    ])
    expect(parseEncryptionKey(`${PHP.defuseKey.slice(0, -1)}0`)).toBe(undefined)
  })

  const pemOf = (modulusLength: number): string =>
    generateKeyPairSync('rsa', { modulusLength }).publicKey.export({ type: 'spki', format: 'pem' }).toString()

  test('accepts an APP_KEY of 16 bytes', () => {
    expect(keyOf(`base64:${'A'.repeat(22)}==`)).toEqual({ kind: 'password', bytes: Buffer.alloc(16) })
  })

  test('accepts keys as environment variables contain them: with \\n, and with spaces around', () => {
    const passport = {
      publicKey: pemOf(2048).replaceAll('\n', '\\n'),
      appKey: ` base64:${'A'.repeat(43)}= `,
    }
    expect(configProblems({ passport })).toEqual([])
  })

  test('rejects a weak key, and a check of hashes that is not a function', () => {
    const passport = { publicKey: pemOf(1024), verifyLegacyHash: true }
    expect(configProblems({ passport }).map((problem) => problem.split(':')[0])).toEqual([
      'passport.verifyLegacyHash',
      'passport.publicKey',
    ])
  })
})
