import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ConfigError } from '../../src/errors.ts'
import { randomBase64url } from '../../src/lib/hash.ts'
import { jsonLogger, silentLogger } from '../../src/lib/log.ts'
import type { DerivedKeys } from '../../src/keys/derived.ts'
import { createLiveKeys } from '../../src/keys/live.ts'
import type { Secrets, SecretsSource } from '../../src/keys/secrets.ts'
import { pemOf } from './keys-support.ts'

const ISSUER = 'https://auth.example.com'
const PARTS = { authorizationId: 'azn', generation: 3, seed: 'A'.repeat(22) }

const newSecrets = (): Secrets => ({
  signingKeys: [{ privateKey: pemOf() }],
  secrets: [{ value: randomBase64url(32) }],
})

/** Secrets that a test may replace. */
function sourceOf(secrets: Secrets) {
  let version = 1
  let present: () => Secrets = () => secrets
  const asked = { load: 0, version: 0 }
  const source: SecretsSource = {
    description: 'the safe',
    async load() {
      asked.load += 1
      return present()
    },
    async version() {
      asked.version += 1
      return String(version)
    },
  }
  const replace = (successor: () => Secrets): void => {
    present = successor
    version += 1
  }
  return { source, asked, replace }
}

/** Live keys that have been started, and what they log. */
async function started(
  secrets = newSecrets(),
  check: (derived: DerivedKeys) => Promise<void> = async () => {},
) {
  const { source, asked, replace } = sourceOf(secrets)
  const logs: string[] = []
  const live = await createLiveKeys(source, ISSUER)
  live.start({ logger: jsonLogger({ write: (line) => void logs.push(line) }), check })
  return { live, asked, replace, logs }
}

const afterSeconds = (seconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(seconds * 1000)

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }))
afterEach(() => void vi.useRealTimers())

/** Lets the work that a timer began come to its end: it reads keys, which takes more than a turn of the loop. */
const settle = (isSo: () => boolean): Promise<void> => vi.waitFor(() => expect(isSo()).toBe(true))

describe('the keys of a running server', () => {
  test('are the new ones within 5 seconds, for whoever kept any part of them', async () => {
    const { live, replace, logs } = await started()
    const { keySet, derived, refreshTokens } = live
    const mark = live.derive((present) => ({ fingerprint: present.fingerprint }))
    const [kid, fingerprint, first] = [keySet.currentKid, derived.fingerprint, mark()]
    const [token, refreshToken] = [keySet.sign('at+jwt', { sub: '7' }), refreshTokens.format(PARTS)]
    expect(mark()).toBe(first)
    replace(newSecrets)
    await afterSeconds(4)
    expect(keySet.currentKid).toBe(kid)
    await afterSeconds(1)
    await settle(() => logs.length === 1)
    expect(keySet.currentKid).not.toBe(kid)
    expect([keySet.isTrusted(kid), keySet.isTrusted(keySet.currentKid)]).toEqual([false, true])
    expect(await keySet.verify(token, 'at+jwt')).toBeUndefined()
    expect(await keySet.verify(keySet.sign('at+jwt', {}), 'at+jwt')).toBeDefined()
    expect(keySet.jwks().keys.map((jwk) => jwk.kid)).toEqual([keySet.currentKid])
    expect(derived.fingerprint).not.toBe(fingerprint)
    expect(derived.fingerprints).toEqual([derived.fingerprint])
    expect([...derived.keysById('csrf')]).toEqual([[derived.currentId, derived.key('csrf')]])
    expect(refreshTokens.parse(refreshToken)).toBeUndefined()
    expect(refreshTokens.parse(refreshTokens.format(PARTS))).toEqual(PARTS)
    expect(mark().fingerprint).toBe(derived.fingerprint)
    expect(logs.join()).toContain(keySet.currentKid)
  })

  test('are not read again as long as nothing was replaced', async () => {
    const { asked } = await started()
    await afterSeconds(60)
    expect(asked).toEqual({ load: 1, version: 13 })
  })

  test('stay where the new ones are broken, which is told once, until there are good ones', async () => {
    const { live, replace, logs } = await started()
    const { currentKid } = live.keySet
    replace(() => {
      throw new ConfigError([{ path: 'secrets', message: 'keyring.json is damaged' }])
    })
    for (let look = 0; look < 5; look += 1) {
      await afterSeconds(5)
      await settle(() => logs.length > 0)
    }
    expect(logs).toEqual([expect.stringContaining('keyring.json is damaged')])
    expect(logs[0]).toContain('"level":"error"')
    expect(live.keySet.currentKid).toBe(currentKid)
    replace(newSecrets)
    await afterSeconds(5)
    await settle(() => live.keySet.currentKid !== currentKid)
  })

  test('stay where the store does not know the new secret, and change once it does', async () => {
    const known = new Set<string>()
    const check = async ({ fingerprint }: DerivedKeys): Promise<void> => {
      if (!known.has(fingerprint)) throw new Error(`unknown: ${fingerprint}`)
    }
    const { live, replace, logs } = await started(newSecrets(), check)
    const { fingerprint } = live.derived
    const successor = newSecrets()
    replace(() => successor)
    await afterSeconds(5)
    await settle(() => logs.length === 1)
    expect(live.derived.fingerprint).toBe(fingerprint)
    known.add(/unknown: ([\w-]+)/.exec(logs[0] ?? '')?.[1] ?? '')
    await afterSeconds(5)
    await settle(() => live.derived.fingerprint !== fingerprint)
    expect([...known]).toEqual([live.derived.fingerprint])
  })

  test('are left alone once the server is closed', async () => {
    const { live, asked, replace } = await started()
    live.close()
    replace(newSecrets)
    await afterSeconds(60)
    expect(asked).toEqual({ load: 1, version: 1 })
  })

  test('are read once where a source has no version', async () => {
    const { source, asked, replace } = sourceOf(newSecrets())
    const live = await createLiveKeys({ description: 'the configuration', load: source.load }, ISSUER)
    live.start({ logger: silentLogger, check: async () => {} })
    replace(newSecrets)
    await afterSeconds(60)
    expect(asked).toEqual({ load: 1, version: 0 })
  })
})
