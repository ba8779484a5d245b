import { expect, test } from 'vitest'
import { createRestarts } from '../../src/cli/workers/restarts.ts'

const [SHORT, LONG] = [100, 60_000]

test('a worker that ran for a while is replaced immediately', () => {
  expect(createRestarts().delayAfter({ lifetime: LONG, hasListened: true })).toBe(0)
})

test('the delay after short lives doubles up to 30 seconds, and starts over after a long one', () => {
  const restarts = createRestarts()
  const delays = Array.from({ length: 9 }, () => restarts.delayAfter({ lifetime: SHORT, hasListened: true }))
  expect(delays).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
  expect(restarts.delayAfter({ lifetime: LONG, hasListened: true })).toBe(0)
  expect(restarts.delayAfter({ lifetime: SHORT, hasListened: true })).toBe(500)
})

test('failed starts are counted until a worker accepts requests', () => {
  const restarts = createRestarts()
  restarts.delayAfter({ lifetime: SHORT, hasListened: false })
  restarts.delayAfter({ lifetime: LONG, hasListened: false })
  restarts.delayAfter({ lifetime: SHORT, hasListened: true })
  expect(restarts.failedStarts).toBe(2)
  restarts.succeed()
  expect(restarts.failedStarts).toBe(0)
})
