import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ConfigError } from '../../src/errors.ts'
import { randomBase64url } from '../../src/lib/hash.ts'
import { jsonLogger, silentLogger } from '../../src/lib/log.ts'
import type { DerivedKeys } from '../../src/keys/derived.ts'
import { createLiveKeys } from '../../src/keys/live.ts'
import type { Secrets } from '../../src/keys/secrets.ts'
import type { SecretsSource } from '../../src/keys/secrets-source.ts'
import { privatePem } from './keys-support.ts'

const ISSUER = 'https://auth.example.com'
const PARTS = { authorizationId: 'azn', generation: 3, seed: 'A'.repeat(22) }

const createSecrets = (): Secrets => ({
  signingKeys: [{ privateKey: privatePem() }],
  secrets: [{ value: randomBase64url(32) }],
})

/** Creates a source whose secrets a test can replace. */
function createSource(secrets: Secrets) {
  let version = 1
  let current: () => Secrets = () => secrets
  const calls = { load: 0, version: 0 }
  const source: SecretsSource = {
    description: 'the safe',
    async load() {
      calls.load += 1
      return current()
    },
    async version() {
      calls.version += 1
      return String(version)
    },
  }
  const replace = (successor: () => Secrets): void => {
    current = successor
    version += 1
  }
  return { source, calls, replace }
}

/** Loads keys and starts checking for changes. */
async function startKeys(
  secrets = createSecrets(),
  check: (derived: DerivedKeys) => Promise<void> = async () => {},
) {
  const { source, calls, replace } = createSource(secrets)
  const logs: string[] = []
  const live = await createLiveKeys(source, ISSUER)
  live.start({ logger: jsonLogger({ write: (line) => void logs.push(line) }), check })
  return { live, calls, replace, logs }
}

const afterSeconds = (seconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(seconds * 1000)

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }))
afterEach(() => void vi.useRealTimers())

/** Waits for work that a fake timer has started. Parsing keys takes several turns of the event loop. */
const waitUntil = (isTrue: () => boolean): Promise<void> => expect.poll(isTrue).toBe(true)

describe('the keys of a running server', () => {
  test('change within 5 seconds, also for callers that keep a part of them', async () => {
    const { live, replace, logs } = await startKeys()
    const { keySet, derived, refreshTokens } = live
    const derivedValue = live.derive((current) => ({ fingerprint: current.fingerprint }))
    const [kid, fingerprint, first] = [keySet.currentKid, derived.fingerprint, derivedValue()]
    const [token, refreshToken] = [keySet.sign('at+jwt', { sub: '7' }), refreshTokens.format(PARTS)]
    expect(derivedValue()).toBe(first)
    replace(createSecrets)
    await afterSeconds(4)
    expect(keySet.currentKid).toBe(kid)
    await afterSeconds(1)
    await waitUntil(() => logs.length === 1)
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
    expect(derivedValue().fingerprint).toBe(derived.fingerprint)
    expect(logs.join()).toContain(keySet.currentKid)
  })

  test('are not loaded again while nothing changes', async () => {
    const { calls } = await startKeys()
    await afterSeconds(60)
    expect(calls).toEqual({ load: 1, version: 13 })
  })

  test('are not reported as changed after a failed check, if they are the same', async () => {
    let failure: Error | undefined
    const { source, calls } = createSource(createSecrets())
    const version = async (): Promise<string> => {
      if (failure) throw failure
      return (await source.version?.()) ?? ''
    }
    const logs: string[] = []
    const live = await createLiveKeys({ ...source, version }, ISSUER)
    live.start({ logger: jsonLogger({ write: (line) => void logs.push(line) }), check: async () => {} })
    failure = new Error('nothing listens there')
    await afterSeconds(5)
    await waitUntil(() => logs.length === 1)
    failure = undefined
    await afterSeconds(5)
    await waitUntil(() => logs.length === 2)
    expect(calls.load).toBe(1)
    expect(logs.map((line) => (JSON.parse(line) as { message: string }).message)).toEqual([
      'Cannot check for changed secrets in the safe',
      'Can check for changed secrets in the safe again',
    ])
  })

  test('stay in use while the new ones are invalid, which is logged once', async () => {
    const { live, replace, logs } = await startKeys()
    const { currentKid } = live.keySet
    replace(() => {
      throw new ConfigError([{ path: 'secrets', message: 'keyring.json is invalid' }])
    })
    for (let check = 0; check < 5; check += 1) {
      await afterSeconds(5)
      await waitUntil(() => logs.length > 0)
    }
    expect(logs).toEqual([expect.stringContaining('keyring.json is invalid')])
    expect(logs[0]).toContain('"level":"error"')
    expect(live.keySet.currentKid).toBe(currentKid)
    replace(createSecrets)
    await afterSeconds(5)
    await waitUntil(() => live.keySet.currentKid !== currentKid)
  })

  test('stay in use until the store knows the new secret', async () => {
    const known = new Set<string>()
    const check = async ({ fingerprint }: DerivedKeys): Promise<void> => {
      if (!known.has(fingerprint)) throw new Error(`unknown: ${fingerprint}`)
    }
    const { live, replace, logs } = await startKeys(createSecrets(), check)
    const { fingerprint } = live.derived
    const successor = createSecrets()
    replace(() => successor)
    await afterSeconds(5)
    await waitUntil(() => logs.length === 1)
    expect(live.derived.fingerprint).toBe(fingerprint)
    known.add(/unknown: ([\w-]+)/.exec(logs[0] ?? '')?.[1] ?? '')
    await afterSeconds(5)
    await waitUntil(() => live.derived.fingerprint !== fingerprint)
    expect([...known]).toEqual([live.derived.fingerprint])
  })

  test('are read a few times, however many tokens name unknown keys, and others do not wait for that', async () => {
    const { live, calls } = await startKeys()
    const { keySet, refreshTokens } = live
    const forged = () => `${Buffer.from(`{"kid":"${randomBase64url(8)}"}`).toString('base64url')}.e30.AA`
    const verify = () => keySet.verify(forged(), 'at+jwt')
    let isAnswered = false
    await verify()
    const flood = Promise.all(Array.from({ length: 1_000 }, verify)).finally(() => (isAnswered = true))
    expect(await keySet.verify(keySet.sign('at+jwt', {}), 'at+jwt')).toBeDefined()
    expect(await refreshTokens.read(refreshTokens.format(PARTS))).toEqual(PARTS)
    expect(isAnswered).toBe(false)
    const answers = await flood
    expect(new Set(answers)).toEqual(new Set([undefined, 'unavailable']))
    expect(calls.version).toBe(3)
  })

  test('are not checked after the server is closed', async () => {
    const { live, calls, replace } = await startKeys()
    await live.close()
    replace(createSecrets)
    await afterSeconds(60)
    expect(calls).toEqual({ load: 1, version: 1 })
  })

  test('are loaded once if the source has no version', async () => {
    const { source, calls, replace } = createSource(createSecrets())
    const live = await createLiveKeys({ description: 'the configuration', load: source.load }, ISSUER)
    live.start({ logger: silentLogger, check: async () => {} })
    replace(createSecrets)
    await afterSeconds(60)
    expect(calls).toEqual({ load: 1, version: 0 })
  })
})
