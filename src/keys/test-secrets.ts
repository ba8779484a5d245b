import { createPrivateKey, type JsonWebKey } from 'node:crypto'
import { ConfigError } from '../errors.ts'
import type { KeySet } from './key-set.ts'
import type { Secrets } from './secrets.ts'
import type { SecretsSource } from './secrets-source.ts'

/** Public, because it is part of this package. Servers outside of tests refuse it. */
const TEST_KEY: JsonWebKey = {
  kty: 'EC',
  crv: 'P-256',
  x: 'zlXJKP8SqY6bbIMDTRkgRBFi05BIe8lMdmvY4xYJTuQ',
  y: '6NGRtEQjK2HZMDPru5AN_xAOfo0loiHQVTInQyarJKs',
  d: 'X36v6gtyXqTwsu-QXxYySAkzMOoGJ8aE6o_UsdCajp0',
}

/** The `kid` of the key: its thumbprint. */
const TEST_KID = 'LDFQTxwZMEfkew5GXF0hamaKVDpZUXQxMZ2u7o3_ssw'

const TEST_ROOT_SECRET = 'public-root-secret-of-test-servers-never-for-production'

/**
 * The secrets of test servers. They are ready-made, because generating keys in each test file takes time. Only servers that
 * get this very object accept them, and no entry point exports it.
 */
export const testSecrets: SecretsSource = {
  description: 'consulate/testing',
  load: async () => ({
    signingKeys: [{ privateKey: createPrivateKey({ key: TEST_KEY, format: 'jwk' }) }],
    secrets: [{ value: TEST_ROOT_SECRET }],
  }),
}

/** Throws `ConfigError` if a server that is not a test server has the public secrets: everyone could create its tokens. */
export function refuseTestSecrets(source: SecretsSource, { secrets }: Secrets, keys: KeySet): void {
  if (source === testSecrets) return
  const isPublic = keys.isTrusted(TEST_KID) || secrets.some(({ value }) => value.trim() === TEST_ROOT_SECRET)
  if (isPublic)
    throw new ConfigError([
      { path: 'secrets', message: 'are the public ones of consulate/testing. Run `consulate install`' },
    ])
}
