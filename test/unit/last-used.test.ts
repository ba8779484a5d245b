import { expect, onTestFinished, test } from 'vitest'
import { startLastUsedTracker } from '../../src/jobs/last-used.ts'
import { silentLogger } from '../../src/index.ts'
import type { LogFields } from '../../src/index.ts'

/** Notes that are written every few milliseconds, to a database that can be broken. */
function startNotes(interval = 60_000) {
  const state = { failure: undefined as Error | undefined, now: 1000 }
  const written: ReadonlyMap<string, number>[] = []
  const told: (LogFields | undefined)[] = []
  const notes = startLastUsedTracker({
    store: {
      async markUsed(uses) {
        if (state.failure) throw state.failure
        written.push(new Map(uses))
      },
    },
    clock: { now: () => state.now },
    logger: { log: (_level, _message, fields) => void told.push(fields) },
    interval,
  })
  onTestFinished(() => notes.close())
  return { notes, state, written, told }
}

test('uses are written together, with the latest time of each, and are not written twice', async () => {
  const { notes, state, written } = startNotes()
  for (const id of ['a', 'b', 'a']) {
    notes.mark(id)
    state.now += 1
  }
  expect(written).toEqual([])
  expect(notes.usedAt('a')).toBe(1002)
  await notes.close()
  await notes.close()
  expect(written).toEqual([
    new Map([
      ['a', 1002],
      ['b', 1001],
    ]),
  ])
  expect(notes.usedAt('a')).toBeUndefined()
})

test('they are written by themselves after the interval', async () => {
  const { notes, written } = startNotes(20)
  notes.mark('a')
  await expect.poll(() => written.length).toBe(1)
  notes.mark('b')
  await expect.poll(() => written).toEqual([new Map([['a', 1000]]), new Map([['b', 1000]])])
})

test('what cannot be written stays for the next time, and is said', async () => {
  const { notes, state, written, told } = startNotes(20)
  state.failure = new Error('the disk is full')
  notes.mark('a')
  await expect.poll(() => told.length).toBeGreaterThan(0)
  expect(told[0]).toEqual({ cause: 'Error: the disk is full' })
  expect(notes.usedAt('a')).toBe(1000)
  state.failure = undefined
  await expect.poll(() => written).toEqual([new Map([['a', 1000]])])
})

test('a thousand uses are written in parts, so that others come to the database between', async () => {
  const { notes, written } = startNotes()
  for (let index = 0; index < 1001; index += 1) notes.mark(`token ${index}`)
  await notes.close()
  expect(written.map(({ size }) => size)).toEqual([500, 500, 1])
})

test('requests are answered between the parts, though the database answers at once', async () => {
  const { notes, written } = startNotes()
  const partsAtTurns: number[] = []
  const turns = setInterval(() => partsAtTurns.push(written.length), 0)
  onTestFinished(() => clearInterval(turns))
  for (let index = 0; index < 50_000; index += 1) notes.mark(`token ${index}`)
  await notes.close()
  expect(partsAtTurns.some((parts) => parts > 0 && parts < 100)).toBe(true)
})

test('what is used while it is being written is written again', async () => {
  const state = { now: 1 }
  const written: number[] = []
  const notes = startLastUsedTracker({
    store: {
      async markUsed(uses) {
        written.push(...uses.values())
        if (written.length > 1) return
        state.now = 2
        notes.mark('a')
      },
    },
    clock: { now: () => state.now },
    logger: silentLogger,
  })
  notes.mark('a')
  await notes.close()
  expect(notes.usedAt('a')).toBe(2)
  await notes.close()
  expect(written).toEqual([1, 2])
})
