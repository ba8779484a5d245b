import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { StoreUnavailableError } from '../../src/index.ts'
import { createAccessTokens } from '../../src/passport/access-token.ts'
import { passportClaims, signPassportToken } from '../support/passport.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const claims = { id: 'a', clientId: 'shop', sub: '1', scopes: [], expiresAt: 1_800_000_000_000 }
const token = signPassportToken(passportClaims(claims), undefined, pem)

/** A verifier whose database cannot be read. */
const tokens = createAccessTokens({
  keys: { verify: async () => undefined, isTrusted: () => false },
  passport: {
    kid: 'passport',
    publicKey: createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })),
    encryptionKey: undefined,
    verifyLegacyHash: undefined,
  },
  clock: { now: () => 0 },
  issuer: 'https://id.example.com',
  audience: 'https://id.example.com',
  store: {
    authorizations: { find: async () => Promise.reject(new StoreUnavailableError('No database', undefined)) },
    importedTokens: {
      insert: async () => false,
      find: async () => undefined,
    },
  },
  subjectOf: ({ userId }) => userId,
})

test('an imported token is neither valid nor invalid while its row cannot be read', async () => {
  expect(await tokens.verify(token, 'at+jwt')).toBe('unavailable')
})

test('an imported token is never taken for a token of another kind', async () => {
  expect(await tokens.verify(token, 'session+jwt')).toBeUndefined()
})
