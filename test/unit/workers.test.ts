import { describe, expect, test } from 'vitest'
import { createLossySender } from '../../src/cli/workers/channel.ts'
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

describe('messages to a process that does not read them', () => {
  /** The channel to a process. It has no room until `drain` is called. */
  function createFullChannel() {
    const sent: object[] = []
    let callback: (() => void) | undefined
    const send = (message: object, _handle: unknown, _options: unknown, onSent: () => void): boolean => {
      sent.push(message)
      callback = onSent
      return false
    }
    return {
      connected: true,
      send: send as NonNullable<NodeJS.Process['send']>,
      sent,
      drain: () => callback?.(),
    }
  }

  test('are dropped until it has read the last one', () => {
    const channel = createFullChannel()
    const send = createLossySender(channel)
    for (let count = 0; count < 1_000; count += 1) send({ count })
    channel.drain()
    send({ count: 1_000 })
    expect(channel.sent).toEqual([{ count: 0 }, { count: 1_000 }])
  })

  test('are dropped after it has exited', () => {
    const channel = { ...createFullChannel(), connected: false }
    createLossySender(channel)({ count: 0 })
    expect(channel.sent).toEqual([])
  })
})
