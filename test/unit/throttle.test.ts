import { beforeEach, describe, expect, test } from 'vitest'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { MAX_KEYS } from '../../src/throttle/counter.ts'
import {
  createThrottle,
  DEFAULT_THROTTLE_LIMITS,
  type ThrottleTarget,
  type Throttle,
} from '../../src/throttle/throttle.ts'

const HOME = '203.0.113.9'
const alice: ThrottleTarget = { address: HOME, account: 'password:users:alice@example.com' }
const clock = { time: 0, now: () => clock.time }
let throttle: Throttle

beforeEach(() => {
  clock.time = 1_700_000_000_000
  throttle = createThrottle(DEFAULT_THROTTLE_LIMITS, clock)
})

const failTimes = async (times: number, who: (index: number) => ThrottleTarget): Promise<void> => {
  for (let index = 0; index < times; index++) await throttle.fail(who(index))
}

const retryAfter = async (who: ThrottleTarget): Promise<number | undefined> =>
  (await throttle.check(who))?.retryAfter

/** Makes a guess as a sign-in does, with a result that takes a while. Returns whether the password was checked. */
async function guess(
  who: ThrottleTarget,
  outcome: 'succeed' | 'fail' | 'release' = 'fail',
): Promise<boolean> {
  const attempt = await throttle.attempt(who)
  if (attempt.blocked) return false
  await nextTurn()
  await attempt[outcome]()
  return true
}

describe('failures of an account', () => {
  test('block it after 10 in 15 minutes, from any address', async () => {
    await failTimes(9, (index) => ({ ...alice, address: `198.51.100.${index}` }))
    expect(await retryAfter(alice)).toBeUndefined()
    await throttle.fail({ ...alice, address: '198.51.100.99' })
    expect(await retryAfter(alice)).toBe(900)
  })

  test('block no other account', async () => {
    await failTimes(10, () => alice)
    expect(await retryAfter({ address: HOME, account: 'password:users:bob@example.com' })).toBeUndefined()
    expect(await retryAfter({ address: HOME })).toBeUndefined()
  })

  test('block for no longer if the clock is set back', async () => {
    await failTimes(10, () => alice)
    clock.time -= 86_400_000
    expect(await retryAfter(alice)).toBe(900)
    clock.time += 899_000
    expect(await retryAfter(alice)).toBe(1)
    clock.time += 1_000
    expect(await retryAfter(alice)).toBeUndefined()
  })

  test('are forgotten 15 minutes after the first one', async () => {
    await failTimes(5, () => alice)
    clock.time += 600_000
    await failTimes(5, () => alice)
    expect(await retryAfter(alice)).toBe(300)
    clock.time += 299_999
    expect(await retryAfter(alice)).toBe(1)
    clock.time += 1
    expect(await retryAfter(alice)).toBeUndefined()
    await failTimes(9, () => alice)
    expect(await retryAfter(alice)).toBeUndefined()
  })

  test.each([
    'ALICE@example.com',
    ' alice@example.com',
    'alice@example.com ',
    'álice@example.com',
    'ａlice@example.com',
  ])('count for every spelling that a database may treat as the same name: %j', async (name) => {
    await failTimes(10, () => ({ ...alice, account: `password:users:${name}` }))
    expect(await retryAfter(alice)).toBe(900)
  })

  test('are forgotten after a success, but those of the address are not', async () => {
    await failTimes(9, () => alice)
    expect(await guess(alice, 'succeed')).toBe(true)
    await throttle.fail(alice)
    expect(await retryAfter(alice)).toBeUndefined()
    await failTimes(50, (index) => ({ address: HOME, account: `password:users:${index}` }))
    expect(await retryAfter({ address: HOME })).toBe(60)
  })
})

describe('a known device', () => {
  const laptop: ThrottleTarget = { ...alice, device: 'laptop' }
  const phone: ThrottleTarget = { ...alice, device: 'phone' }

  test('is not blocked by failures from elsewhere, nor by those of its address', async () => {
    await failTimes(100, () => alice)
    expect(await retryAfter(laptop)).toBeUndefined()
    expect(await guess(laptop, 'succeed')).toBe(true)
    expect(await retryAfter(alice)).toBe(900)
  })

  test('has its own limit', async () => {
    await failTimes(10, () => laptop)
    expect(await Promise.all([laptop, phone, alice].map(retryAfter))).toEqual([900, undefined, undefined])
    const guesses = Array.from({ length: 200 }, () => guess(phone))
    expect((await Promise.all(guesses)).filter(Boolean)).toHaveLength(10)
  })

  test('is known for one account only', async () => {
    await failTimes(10, () => laptop)
    expect(await retryAfter({ ...laptop, account: 'password:customers:alice@example.com' })).toBeUndefined()
  })

  test('counts for its address too', async () => {
    await failTimes(60, (index) => ({ ...alice, device: String(index) }))
    expect(await retryAfter({ address: HOME })).toBe(60)
  })
})

describe('failures of an address', () => {
  test('block it after 60 a minute, whatever the account', async () => {
    await failTimes(59, (index) => ({ address: HOME, account: `password:users:${index}` }))
    expect(await retryAfter({ address: HOME })).toBeUndefined()
    await throttle.fail({ address: HOME })
    expect(await retryAfter({ address: HOME })).toBe(60)
    expect(await retryAfter(alice)).toBe(60)
    expect(await retryAfter({ ...alice, address: '203.0.113.10' })).toBeUndefined()
  })

  test('count for the whole IPv6 /64', async () => {
    await failTimes(60, (index) => ({ address: `2001:db8:1:2::${index.toString(16)}` }))
    expect(await retryAfter({ address: '2001:db8:1:2:ffff::1' })).toBe(60)
    expect(await retryAfter({ address: '2001:db8:1:3::1' })).toBeUndefined()
  })

  test('count for the IPv4 address that is mapped into IPv6', async () => {
    await failTimes(60, () => ({ address: `::ffff:${HOME}` }))
    expect(await retryAfter({ address: HOME })).toBe(60)
  })
})

describe('attempts', () => {
  test('of 200 parallel guesses at one account, 10 are checked', async () => {
    const guesses = Array.from({ length: 200 }, (_, index) =>
      guess({ ...alice, address: `198.51.100.${index}` }),
    )
    const checked = (await Promise.all(guesses)).filter(Boolean)
    expect(checked).toHaveLength(10)
    expect(await retryAfter(alice)).toBe(900)
  })

  test('block for a second only, even after a few failures', async () => {
    await failTimes(5, () => alice)
    await Promise.all(Array.from({ length: 5 }, () => throttle.attempt(alice)))
    expect(await retryAfter(alice)).toBe(1)
  })

  test('of 200 parallel guesses from one address, 60 are checked', async () => {
    const guesses = Array.from({ length: 200 }, (_, index) =>
      guess({ address: HOME, account: `user ${index}` }),
    )
    expect((await Promise.all(guesses)).filter(Boolean)).toHaveLength(60)
  })

  test('that are still running block for a second, not for the whole window', async () => {
    const pending = await Promise.all(Array.from({ length: 10 }, () => throttle.attempt(alice)))
    expect(await retryAfter(alice)).toBe(1)
    for (const attempt of pending) if (!attempt.blocked) await attempt.succeed()
    expect(await retryAfter(alice)).toBeUndefined()
  })

  test('that succeed are not counted, however many there are', async () => {
    for (let index = 0; index < 200; index++) expect(await guess(alice, 'succeed')).toBe(true)
  })

  test('that were never checked are not counted, and forgive nothing', async () => {
    await failTimes(9, () => alice)
    for (let index = 0; index < 20; index++) expect(await guess(alice, 'release')).toBe(true)
    await throttle.fail(alice)
    expect(await guess(alice)).toBe(false)
  })

  test('that succeed forgive the failures of the account, but not the guesses still running', async () => {
    await failTimes(5, () => alice)
    const guesses = Array.from({ length: 4 }, () => throttle.attempt(alice))
    expect(await guess(alice, 'succeed')).toBe(true)
    for (const attempt of await Promise.all(guesses)) if (!attempt.blocked) await attempt.fail()
    await failTimes(5, () => alice)
    expect(await retryAfter(alice)).toBeUndefined()
    await throttle.fail(alice)
    expect(await retryAfter(alice)).toBe(900)
  })

  test('are settled once: later calls do not count', async () => {
    await failTimes(8, () => alice)
    const attempt = await throttle.attempt(alice)
    if (attempt.blocked) throw new Error('blocked too early')
    await attempt.fail()
    await attempt.fail()
    expect(await retryAfter(alice)).toBeUndefined()
    await attempt.succeed()
    await throttle.fail(alice)
    expect(await retryAfter(alice)).toBe(900)
  })

  test('that outlive their window still count', async () => {
    await throttle.fail(alice)
    const slow = await Promise.all(Array.from({ length: 9 }, () => throttle.attempt(alice)))
    clock.time += 900_000
    expect(await guess(alice)).toBe(true)
    expect(await guess(alice)).toBe(false)
    for (const attempt of slow) if (!attempt.blocked) await attempt.fail()
    expect(await retryAfter(alice)).toBe(900)
  })
})

describe('attempts that never finish', () => {
  test('block an account for two windows at most', async () => {
    await Promise.all(Array.from({ length: 10 }, () => throttle.attempt(alice)))
    clock.time += 2 * 900_000 - 1
    expect(await guess(alice)).toBe(false)
    clock.time += 1
    expect(await guess(alice)).toBe(true)
  })

  test('block for two windows at most even if the clock is set back', async () => {
    await Promise.all(Array.from({ length: 10 }, () => throttle.attempt(alice)))
    clock.time -= 86_400_000
    expect(await guess(alice)).toBe(false)
    clock.time += 2 * 900_000
    expect(await guess(alice)).toBe(true)
  })

  test('do not release attempts that started later', async () => {
    const lost = await throttle.attempt(alice)
    clock.time += 2 * 900_000
    await Promise.all(Array.from({ length: 10 }, () => throttle.attempt(alice)))
    expect(await guess(alice)).toBe(false)
    if (!lost.blocked) await lost.fail()
    expect(await guess(alice)).toBe(false)
  })
})

describe('the response to a blocked request', () => {
  test('says how long to wait, in whole seconds and in the standard headers', async () => {
    await failTimes(10, () => alice)
    clock.time += 100_500
    expect(await throttle.check(alice)).toEqual({
      retryAfter: 800,
      headers: {
        'Retry-After': '800',
        'RateLimit-Policy': '"account";q=10;w=900',
        RateLimit: '"account";r=0;t=800',
      },
    })
  })

  test('names the limit that lasts longer if both are reached', async () => {
    await failTimes(60, () => alice)
    expect((await throttle.check(alice))?.headers['RateLimit-Policy']).toBe('"account";q=10;w=900')
    clock.time += 30_000
    const stranger = { ...alice, account: 'password:users:bob@example.com' }
    expect((await throttle.check(stranger))?.headers['RateLimit']).toBe('"address";r=0;t=30')
  })
})

describe('a flood', () => {
  test('of addresses and names takes bounded memory: the oldest are forgotten, the latest are not', async () => {
    const addressOf = (index: number) =>
      `2001:db8:${(index >> 16).toString(16)}:${(index & 0xffff).toString(16)}::1`
    const strict = { failures: 1, window: 900_000 }
    throttle = createThrottle({ perAddress: strict, perAccount: strict }, clock)
    await failTimes(MAX_KEYS + 1, (index) => ({ address: addressOf(index), account: `name ${index}` }))
    expect(await retryAfter({ address: addressOf(0) })).toBeUndefined()
    expect(await retryAfter({ address: addressOf(1) })).toBe(900)
    expect(await retryAfter({ address: addressOf(MAX_KEYS) })).toBe(900)
    expect(await retryAfter({ address: HOME, account: 'name 0' })).toBeUndefined()
    expect(await retryAfter({ address: HOME, account: `name ${MAX_KEYS}` })).toBe(900)
  })
})
