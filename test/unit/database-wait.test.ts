import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { StoreUnavailableError } from '../../src/errors.ts'
import { waitForShared } from '../../src/lib/async.ts'
import {
  countDatabaseWait,
  hasWaitedLong,
  limitDatabaseWait,
  runOutsideRequest,
} from '../../src/lib/database-wait.ts'

/** Returns how long a call may take. */
const limitOfCall = (): Promise<number> => countDatabaseWait(async (limit) => limit)

const waitFor = (milliseconds: number): Promise<void> => countDatabaseWait(() => sleep(milliseconds))

test('all calls of a request share a limit', async () => {
  await limitDatabaseWait(60_000, async () => {
    expect(await limitOfCall()).toBe(60_000)
    await waitFor(20)
    expect(await limitOfCall()).toBeLessThanOrEqual(60_000 - 19)
  })
})

test('calls that run at the same time count once', async () => {
  await limitDatabaseWait(60_000, async () => {
    const start = performance.now()
    await Promise.all(Array.from({ length: 50 }, () => waitFor(20)))
    expect(await limitOfCall()).toBeGreaterThanOrEqual(60_000 - (performance.now() - start))
  })
})

test('time that a request waits for anything else does not count', async () => {
  await limitDatabaseWait(60_000, async () => {
    await sleep(20)
    expect(await limitOfCall()).toBe(60_000)
  })
})

test('requests do not share a limit, and neither do calls outside of requests', async () => {
  await limitDatabaseWait(10, () => waitFor(20))
  await limitDatabaseWait(10, async () => expect(await limitOfCall()).toBe(10))
  expect(await limitOfCall()).toBe(Number.POSITIVE_INFINITY)
})

test('a timer that a request has started is not limited after its end', async () => {
  let timer: Promise<number> | undefined
  await limitDatabaseWait(10, async () => {
    await waitFor(20)
    timer = sleep(20).then(limitOfCall)
  })
  expect(await timer).toBe(Number.POSITIVE_INFINITY)
})

test('a request has waited long when more than half of its limit is over', async () => {
  await limitDatabaseWait(60_000, async () => {
    await waitFor(10)
    expect(hasWaitedLong()).toBe(false)
  })
  await limitDatabaseWait(20, async () => {
    await waitFor(15)
    expect(hasWaitedLong()).toBe(true)
  })
  expect(hasWaitedLong()).toBe(false)
})

test('work outside of the request that starts it has no limit, and uses up no time of the request', async () => {
  await limitDatabaseWait(60_000, async () => {
    await runOutsideRequest(() => waitFor(20))
    expect(await runOutsideRequest(limitOfCall)).toBe(Number.POSITIVE_INFINITY)
    expect(await limitOfCall()).toBe(60_000)
  })
})

test('a request that waits for shared work uses up its time, and stops waiting when none is left', async () => {
  const { promise: work, resolve } = Promise.withResolvers<string>()
  await limitDatabaseWait(10, async () => {
    await expect(waitForShared(work)).rejects.toThrow(StoreUnavailableError)
    expect(await limitOfCall()).toBeLessThan(5)
  })
  const other = limitDatabaseWait(60_000, () => waitForShared(work))
  resolve('loaded')
  expect(await Promise.all([other, waitForShared(work)])).toEqual(['loaded', 'loaded'])
})

test('shared work that fails after a request has stopped waiting fails only for the others', async () => {
  const { promise: work, reject } = Promise.withResolvers<string>()
  await limitDatabaseWait(10, () => expect(waitForShared(work)).rejects.toThrow(StoreUnavailableError))
  // Without any other request, this would be an unhandled rejection.
  reject(new Error('unreachable'))
  await sleep(1)
  await expect(waitForShared(work)).rejects.toThrow('unreachable')
})
