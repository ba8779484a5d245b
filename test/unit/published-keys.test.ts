import { generateKeyPairSync } from 'node:crypto'
import { calculateJwkThumbprint } from 'jose'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { createPublishedKeys } from '../../src/guard/published-keys.ts'
import { silentLogger } from '../../src/index.ts'
import type { Logger } from '../../src/index.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

async function createPublicJwk() {
  const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: 'ES256' }
}

const [before, after] = [await createPublicJwk(), await createPublicJwk()]

/** Loads the keys of an issuer whose JWK Set the test controls. If `published` is undefined, it is unreachable. */
async function loadKeys(logger: Logger = silentLogger) {
  const issuer: { published: readonly object[] | undefined; requests: number } = {
    published: [before],
    requests: 0,
  }
  const keys = createPublishedKeys(async () => {
    issuer.requests += 1
    if (issuer.published === undefined) throw new Error('Connection refused')
    return { keys: issuer.published }
  }, logger)
  onTestFinished(keys.close)
  keys.start()
  // Keys are parsed on another thread, which the fake clock does not control.
  const trusts = ({ kid }: { readonly kid: string }) => expect.poll(() => keys.isTrusted(kid)).toBe(true)
  await trusts(before)
  return { issuer, keys, trusts }
}

test('a withdrawn key is trusted for at most one minute', async () => {
  const { issuer, keys, trusts } = await loadKeys()
  issuer.published = [after]
  // `expect.poll` advances the clock as well.
  vi.advanceTimersByTime(59_000)
  expect(issuer.requests).toBe(1)
  vi.advanceTimersByTime(1_000)
  expect(issuer.requests).toBe(2)
  await trusts(after)
  expect(keys.isTrusted(before.kid)).toBe(false)
})

test('while the issuer is unreachable, its keys stay trusted and are requested every 2 seconds', async () => {
  const { issuer, keys, trusts } = await loadKeys()
  issuer.published = undefined
  vi.advanceTimersByTime(60_000)
  await expect.poll(() => keys.problem).toContain('Connection refused')
  expect(keys.isTrusted(before.kid)).toBe(true)
  issuer.published = [after]
  vi.advanceTimersByTime(2_000)
  await trusts(after)
  expect(keys.problem).toBeUndefined()
})

test('no more requests are sent after close()', async () => {
  const { issuer, keys } = await loadKeys()
  keys.close()
  vi.advanceTimersByTime(120_000)
  expect(issuer.requests).toBe(1)
})

test('unusable keys are logged once, and again only if they change', async () => {
  const logged: unknown[] = []
  const log: Logger['log'] = (level, message, fields) => void logged.push([level, message, fields])
  const { issuer, keys, trusts } = await loadKeys({ log })
  const message = 'Some published keys cannot be used'
  issuer.published = [before, { ...after, use: 'enc' }, { ...after, use: 'enc' }, { ...after, d: 'secret' }]
  await keys.load()
  await keys.load()
  const why = 'a key is not a public key; a key is not for signatures'
  expect(logged).toEqual([['warn', message, { count: 3, why }]])
  issuer.published = [before, {}]
  await keys.load()
  issuer.published = [before]
  await keys.load()
  await trusts(before)
  expect(logged.slice(1)).toEqual([
    ['warn', message, { count: 1, why: 'a key has an unsupported algorithm' }],
  ])
})
