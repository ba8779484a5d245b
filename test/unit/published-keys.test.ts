import { generateKeyPairSync } from 'node:crypto'
import { calculateJwkThumbprint } from 'jose'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { createPublishedKeys } from '../../src/guard/published-keys.ts'
import { silentLogger } from '../../src/index.ts'
import type { Logger } from '../../src/index.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

/** A key as an issuer publishes it. */
async function makeKey() {
  const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: 'ES256' }
}

const [before, after] = [await makeKey(), await makeKey()]

/** The keys of an issuer that publishes what it is told to, or cannot be reached where that is nothing. */
async function follow(logger: Logger = silentLogger) {
  const issuer: { published: readonly object[] | undefined; asked: number } = {
    published: [before],
    asked: 0,
  }
  const keys = createPublishedKeys(async () => {
    issuer.asked += 1
    if (issuer.published === undefined) throw new Error('The issuer cannot be reached')
    return { keys: issuer.published }
  }, logger)
  onTestFinished(keys.close)
  keys.start()
  // Keys are read in by another thread, which no clock of ours moves on.
  const trusts = ({ kid }: { readonly kid: string }) => expect.poll(() => keys.isTrusted(kid)).toBe(true)
  await trusts(before)
  return { issuer, keys, trusts }
}

test('a key that the issuer took away is trusted for a minute at the most, whatever tokens come', async () => {
  const { issuer, keys, trusts } = await follow()
  issuer.published = [after]
  // Polling moves the clock on by a little, too.
  vi.advanceTimersByTime(59_000)
  expect(issuer.asked).toBe(1)
  vi.advanceTimersByTime(1_000)
  expect(issuer.asked).toBe(2)
  await trusts(after)
  expect(keys.isTrusted(before.kid)).toBe(false)
})

test('while the issuer is gone the keys stay, and are asked for every other second until it is back', async () => {
  const { issuer, keys, trusts } = await follow()
  issuer.published = undefined
  vi.advanceTimersByTime(60_000)
  await expect.poll(() => keys.problem).toContain('cannot be reached')
  expect(keys.isTrusted(before.kid)).toBe(true)
  issuer.published = [after]
  vi.advanceTimersByTime(2_000)
  await trusts(after)
  expect(keys.problem).toBeUndefined()
})

test('nobody is asked once they are closed', async () => {
  const { issuer, keys } = await follow()
  keys.close()
  vi.advanceTimersByTime(120_000)
  expect(issuer.asked).toBe(1)
})

test('keys that cannot be used are told of in one line, and again only when there are others', async () => {
  const told: unknown[] = []
  const log: Logger['log'] = (level, message, fields) => void told.push([level, message, fields])
  const { issuer, keys, trusts } = await follow({ log })
  const message = 'Some published keys cannot be used'
  issuer.published = [before, { ...after, use: 'enc' }, { ...after, use: 'enc' }, { ...after, d: 'secret' }]
  await keys.load()
  await keys.load()
  const why = 'one is not for signatures; one is secret, and published'
  expect(told).toEqual([['warn', message, { count: 3, why }]])
  issuer.published = [before, {}]
  await keys.load()
  issuer.published = [before]
  await keys.load()
  await trusts(before)
  expect(told.slice(1)).toEqual([['warn', message, { count: 1, why: 'one has no algorithm of ours' }]])
})
