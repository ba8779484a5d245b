import { expect, onTestFinished, test } from 'vitest'
import { startLastUsedTracker } from '../../src/jobs/last-used.ts'
import { silentLogger } from '../../src/index.ts'
import type { LogFields } from '../../src/index.ts'

/** A tracker over a database that can fail. */
function startTracker(interval = 60_000) {
  const state = { failure: undefined as Error | undefined, now: 1000 }
  const written: ReadonlyMap<string, number>[] = []
  const logged: (LogFields | undefined)[] = []
  const tracker = startLastUsedTracker({
    store: {
      async markUsed(uses) {
        if (state.failure) throw state.failure
        written.push(new Map(uses))
      },
    },
    clock: { now: () => state.now },
    logger: { log: (_level, _message, fields) => void logged.push(fields) },
    interval,
  })
  onTestFinished(() => tracker.close())
  return { tracker, state, written, logged }
}

test('uses are written together, once, with the latest time of each token', async () => {
  const { tracker, state, written } = startTracker()
  for (const id of ['a', 'b', 'a']) {
    tracker.mark(id)
    state.now += 1
  }
  expect(written).toEqual([])
  expect(tracker.usedAt('a')).toBe(1002)
  await tracker.close()
  await tracker.close()
  expect(written).toEqual([
    new Map([
      ['a', 1002],
      ['b', 1001],
    ]),
  ])
  expect(tracker.usedAt('a')).toBeUndefined()
})

test('uses are written at each interval', async () => {
  const { tracker, written } = startTracker(20)
  tracker.mark('a')
  await expect.poll(() => written.length).toBe(1)
  tracker.mark('b')
  await expect.poll(() => written).toEqual([new Map([['a', 1000]]), new Map([['b', 1000]])])
})

test('a failure is logged, and the uses are written the next time', async () => {
  const { tracker, state, written, logged } = startTracker(20)
  state.failure = new Error('the disk is full')
  tracker.mark('a')
  await expect.poll(() => logged.length).toBeGreaterThan(0)
  expect(logged[0]).toEqual({ cause: 'Error: the disk is full' })
  expect(tracker.usedAt('a')).toBe(1000)
  state.failure = undefined
  await expect.poll(() => written).toEqual([new Map([['a', 1000]])])
})

test('many uses are written in batches of 500', async () => {
  const { tracker, written } = startTracker()
  for (let index = 0; index < 1001; index += 1) tracker.mark(`token ${index}`)
  await tracker.close()
  expect(written.map(({ size }) => size)).toEqual([500, 500, 1])
})

test('requests are answered between the batches, even if the database is synchronous', async () => {
  const { tracker, written } = startTracker()
  const batchesAtTurns: number[] = []
  const turns = setInterval(() => batchesAtTurns.push(written.length), 0)
  onTestFinished(() => clearInterval(turns))
  for (let index = 0; index < 50_000; index += 1) tracker.mark(`token ${index}`)
  await tracker.close()
  expect(batchesAtTurns.some((batches) => batches > 0 && batches < 100)).toBe(true)
})

test('a token that is used while it is being written is written again', async () => {
  const state = { now: 1 }
  const written: number[] = []
  const tracker = startLastUsedTracker({
    store: {
      async markUsed(uses) {
        written.push(...uses.values())
        if (written.length > 1) return
        state.now = 2
        tracker.mark('a')
      },
    },
    clock: { now: () => state.now },
    logger: silentLogger,
  })
  tracker.mark('a')
  await tracker.close()
  expect(tracker.usedAt('a')).toBe(2)
  await tracker.close()
  expect(written).toEqual([1, 2])
})
