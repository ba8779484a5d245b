import { describe, expect, test } from 'vitest'
import { randomBase64url } from '../../src/lib/hash.ts'
import { createDerivedKeys } from '../../src/keys/derived.ts'
import { secretsFromEnvironment } from '../../src/keys/environment.ts'
import { createKeySet } from '../../src/keys/key-set.ts'
import type { SecretsSource } from '../../src/keys/secrets-source.ts'
import { currentKidOf, privatePem, problemsOf } from './keys-support.ts'

describe('secrets from the environment', () => {
  const [key, secret] = [privatePem(), randomBase64url(32)]

  test('are a key, also with literal line breaks, and a secret', async () => {
    const [plain, escaped] = [key, key.replaceAll('\n', '\\n')].map((pem) =>
      secretsFromEnvironment({ CONSULATE_PRIVATE_KEY: pem, CONSULATE_SECRET: secret }),
    )
    expect(await currentKidOf(escaped as SecretsSource)).toBe(await currentKidOf(plain as SecretsSource))
    expect((await plain?.load())?.secrets).toEqual([{ value: secret, state: 'current' }])
  })

  test('can include several retired ones', async () => {
    const [second, third] = [privatePem('ed25519'), privatePem()]
    const secrets = await secretsFromEnvironment({
      CONSULATE_PRIVATE_KEY: key,
      CONSULATE_SECRET: secret,
      CONSULATE_RETIRED_PRIVATE_KEYS: `${second.replaceAll('\n', '\\n')}\n${third}`,
      CONSULATE_RETIRED_SECRETS: ` ${'b'.repeat(43)}, ${'c'.repeat(43)},`,
    }).load()
    const keys = await createKeySet(secrets)
    expect(secrets.signingKeys.map(({ state }) => state)).toEqual(['current', 'retired', 'retired'])
    expect(keys.jwks().keys.map(({ alg }) => alg)).toEqual(['ES256', 'EdDSA', 'ES256'])
    expect(secrets.secrets).toEqual([
      { value: secret, state: 'current' },
      { value: 'b'.repeat(43), state: 'retired' },
      { value: 'c'.repeat(43), state: 'retired' },
    ])
  })

  test('can include next ones, which are accepted but do not sign', async () => {
    const secrets = await secretsFromEnvironment({
      CONSULATE_PRIVATE_KEY: key,
      CONSULATE_SECRET: secret,
      CONSULATE_NEXT_PRIVATE_KEYS: privatePem('ed25519'),
      CONSULATE_NEXT_SECRETS: 'b'.repeat(43),
    }).load()
    const keys = await createKeySet(secrets)
    const derived = createDerivedKeys(secrets)
    expect([keys.algorithm, keys.jwks().keys.length]).toEqual(['ES256', 2])
    expect(derived.fingerprints).toHaveLength(2)
    expect(derived.fingerprint).toBe(createDerivedKeys({ secrets: [{ value: secret }] }).fingerprint)
  })

  test('are rejected with a list of all variables that are not set or empty', async () => {
    const problems = await problemsOf(secretsFromEnvironment({ CONSULATE_SECRET: ' ' }).load())
    expect(problems.map((problem) => problem.split(':')[0])).toEqual([
      'CONSULATE_PRIVATE_KEY',
      'CONSULATE_SECRET',
    ])
  })

  test('are rejected if there are several current keys or an invalid retired one', async () => {
    const load = (more: Record<string, string>) =>
      secretsFromEnvironment({ CONSULATE_PRIVATE_KEY: key, CONSULATE_SECRET: secret, ...more })
        .load()
        .then(createKeySet)
    expect(await problemsOf(load({ CONSULATE_PRIVATE_KEY: `${key}${privatePem()}` }))).toEqual([
      'secrets.signingKeys: must contain exactly one current key, not 2',
    ])
    expect(await problemsOf(load({ CONSULATE_RETIRED_PRIVATE_KEYS: 'nonsense' }))).toEqual([
      'secrets.signingKeys[1]: must be a private key in PEM format (PKCS#8, PKCS#1 or SEC1)',
    ])
  })
})
