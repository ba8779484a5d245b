import { describe, expect, onTestFinished, test } from 'vitest'
import { StoreUnavailableError } from '../../src/errors.ts'
import { createBatchWriter } from '../../src/jobs/batch-writer.ts'

/** A batch writer to a database that can fail. */
function openWriter() {
  const written: number[][] = []
  const lines: string[] = []
  const state = { failure: undefined as Error | undefined }
  const writer = createBatchWriter<number>({
    name: 'numbers',
    async write(items) {
      if (state.failure) throw state.failure
      written.push([...items])
    },
    logger: { log: (_, message, fields) => void lines.push(`${message} ${JSON.stringify(fields)}`) },
  })
  onTestFinished(writer.close)
  return { writer, written, lines, state }
}

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

describe('items are written', () => {
  test('in order, 100 per batch', async () => {
    const { writer, written } = openWriter()
    for (const item of range(250)) writer.add(item)
    await writer.flush()
    expect(written.map(({ length }) => length)).toEqual([100, 100, 50])
    expect(written.flat()).toEqual(range(250))
  })

  test('automatically, one batch per second', async () => {
    const { writer, written } = openWriter()
    for (const item of range(250)) writer.add(item)
    await expect.poll(() => written.length, { timeout: 60_000, interval: 50 }).toBeGreaterThan(0)
    expect(written[0]).toEqual(range(100))
  })

  test('once, even if several flushes run at the same time', async () => {
    const { writer, written } = openWriter()
    for (const item of range(150)) writer.add(item)
    await Promise.all([writer.flush(), writer.flush(), writer.flush()])
    expect(written.flat()).toEqual(range(150))
  })

  test('all of them on close', async () => {
    const { writer, written } = openWriter()
    for (const item of range(150)) writer.add(item)
    await writer.close()
    expect(written.flat()).toEqual(range(150))
  })
})

describe('while the database is unavailable', () => {
  test('1,000 items wait, 800 of them with a source; the log says how many were dropped', async () => {
    const { writer, written, lines, state } = openWriter()
    state.failure = new StoreUnavailableError('unreachable', undefined)
    for (const item of range(900)) writer.add(item, `source ${item}`)
    for (const item of range(300)) writer.add(10_000 + item)
    await writer.flush()
    expect(written).toEqual([])
    state.failure = undefined
    await writer.close()
    expect(written.flat()).toEqual([...range(800), ...range(200).map((item) => 10_000 + item)])
    expect(lines.at(-1)).toBe('Dropped numbers {"dropped":200}')
  })

  test('close does not wait for it', async () => {
    const { writer, lines, state } = openWriter()
    state.failure = new StoreUnavailableError('unreachable', undefined)
    for (const item of range(3)) writer.add(item)
    await writer.close()
    expect(lines.at(-1)).toBe('Dropped numbers {"dropped":3}')
  })
})

test('one source can add 50 items per second, and others the same', async () => {
  const { writer, written } = openWriter()
  for (const item of range(60)) writer.add(item, 'a')
  writer.add(100, 'b')
  await writer.flush()
  expect(written.flat()).toEqual([...range(50), 100])
})

test('a batch that fails for any other reason is dropped and blocks nothing', async () => {
  const { writer, written, lines, state } = openWriter()
  state.failure = new Error('no such column')
  writer.add(1)
  await writer.flush()
  state.failure = undefined
  writer.add(2)
  await writer.flush()
  expect(written).toEqual([[2]])
  expect(lines[0]).toContain('Cannot write numbers')
})
