import { describe, expect, onTestFinished, test } from 'vitest'
import { StoreUnavailableError } from '../../src/errors.ts'
import { createBatchWriter } from '../../src/jobs/batch-writer.ts'

/** BatchWriter into a database that can be broken, and what came of them. */
function openBatches() {
  const written: number[][] = []
  const told: string[] = []
  const state = { failure: undefined as Error | undefined }
  const batches = createBatchWriter<number>({
    name: 'numbers',
    async write(items) {
      if (state.failure) throw state.failure
      written.push([...items])
    },
    logger: { log: (_, message, fields) => void told.push(`${message} ${JSON.stringify(fields)}`) },
  })
  onTestFinished(batches.close)
  return { batches, written, told, state }
}

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

describe('items are written', () => {
  test('in their order, 100 at a time', async () => {
    const { batches, written } = openBatches()
    for (const item of range(250)) batches.add(item)
    await batches.flush()
    expect(written.map(({ length }) => length)).toEqual([100, 100, 50])
    expect(written.flat()).toEqual(range(250))
  })

  test('by themselves, no more than 100 a second', async () => {
    const { batches, written } = openBatches()
    for (const item of range(250)) batches.add(item)
    await expect.poll(() => written.length, { timeout: 3_000, interval: 50 }).toBe(1)
    expect(written.flat()).toEqual(range(100))
  })

  test('once, however many flushes there are at once', async () => {
    const { batches, written } = openBatches()
    for (const item of range(150)) batches.add(item)
    await Promise.all([batches.flush(), batches.flush(), batches.flush()])
    expect(written.flat()).toEqual(range(150))
  })

  test('at the end, all that is waiting', async () => {
    const { batches, written } = openBatches()
    for (const item of range(150)) batches.add(item)
    await batches.close()
    expect(written.flat()).toEqual(range(150))
  })
})

describe('while the database cannot be reached', () => {
  test('1,000 wait, and of those with a source 800; how many were dropped is told', async () => {
    const { batches, written, told, state } = openBatches()
    state.failure = new StoreUnavailableError('gone', undefined)
    for (const item of range(900)) batches.add(item, `source ${item}`)
    for (const item of range(300)) batches.add(10_000 + item)
    await batches.flush()
    expect(written).toEqual([])
    state.failure = undefined
    await batches.close()
    expect(written.flat()).toEqual([...range(800), ...range(200).map((item) => 10_000 + item)])
    expect(told.at(-1)).toBe('Some numbers were dropped {"dropped":200}')
  })

  test('the end does not wait for it', async () => {
    const { batches, told, state } = openBatches()
    state.failure = new StoreUnavailableError('gone', undefined)
    for (const item of range(3)) batches.add(item)
    await batches.close()
    expect(told.at(-1)).toBe('Some numbers were dropped {"dropped":3}')
  })
})

test('of one source 50 are taken in a second, of others as many again', async () => {
  const { batches, written } = openBatches()
  for (const item of range(60)) batches.add(item, 'a')
  batches.add(100, 'b')
  await batches.flush()
  expect(written.flat()).toEqual([...range(50), 100])
})

test('a batch that fails for another reason is dropped, and holds up nothing', async () => {
  const { batches, written, told, state } = openBatches()
  state.failure = new Error('no such column')
  batches.add(1)
  await batches.flush()
  state.failure = undefined
  batches.add(2)
  await batches.flush()
  expect(written).toEqual([[2]])
  expect(told[0]).toContain('Some numbers cannot be written')
})
