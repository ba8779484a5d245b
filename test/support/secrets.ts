import { generateKeyPairSync } from 'node:crypto'
import { randomBase64url } from '../../src/lib/hash.ts'

/** A signing key (ES256) and a root secret as text, which can be sent to other processes. */
export interface TestSecrets {
  readonly signingKeys: readonly [{ readonly privateKey: string }]
  readonly secrets: readonly [{ readonly value: string }]
}

/** The secrets of all servers of a test file. */
export const testSecrets: TestSecrets = createSecrets()

export function createSecrets(): TestSecrets {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return { signingKeys: [{ privateKey: pem }], secrets: [{ value: randomBase64url(32) }] }
}
