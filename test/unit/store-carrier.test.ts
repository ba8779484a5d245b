import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createStoreCarrier } from '../../src/broadcast/store/carrier.ts'
import { createTrimming } from '../../src/broadcast/store/trimming.ts'
import { sqlite } from '../../src/store/sqlite.ts'

/** The least that a test waits for what must not happen (ms). */
const MOMENT = 300

async function openStore() {
  const store = sqlite(':memory:')
  await store.migrate()
  onTestFinished(store.close)
  return store.messages
}

/** A node, and what it received. */
function startNode(store: Awaited<ReturnType<typeof openStore>>, pollInterval = 600_000) {
  const received: string[] = []
  const backlog: string[] = []
  const carrier = createStoreCarrier({ store, pollInterval })
  carrier.subscribe((message, isBacklog) => void (isBacklog ? backlog : received).push(message))
  onTestFinished(carrier.close)
  return { ...carrier, received, backlog }
}

test('a message reaches another node when that one synchronizes, and by its next poll', async () => {
  const store = await openStore()
  const [first, polling, second] = [startNode(store), startNode(store, 20), startNode(store)]
  await Promise.all([first.sync(), polling.sync(), second.sync()])
  first.publish('hello')
  await first.sync()
  expect(second.received).toEqual([])
  await second.sync()
  expect(second.received).toEqual(['hello'])
  await expect.poll(() => polling.received).toEqual(['hello'])
})

test('of two nodes that synchronize at the same moment, at least one sees what the other wrote', async () => {
  const store = await openStore()
  const [first, second] = [startNode(store), startNode(store)]
  await Promise.all([first.sync(), second.sync()])
  for (let round = 0; round < 20; round += 1) {
    first.publish(`a${round}`)
    second.publish(`b${round}`)
    await Promise.all([first.sync(), second.sync()])
    expect(first.received.includes(`b${round}`) || second.received.includes(`a${round}`)).toBe(true)
  }
})

test('a node without messages writes nothing, and one with many writes few rows', async () => {
  const store = await openStore()
  const node = startNode(store, 10)
  await sleep(MOMENT)
  expect(await store.listSince(0, 10)).toEqual([])
  for (let count = 0; count < 500; count += 1) {
    node.publish(`message ${count}`)
    if (count % 50 === 0) await sleep(10)
  }
  await node.sync()
  expect((await store.listSince(0, 100)).length).toBeLessThanOrEqual(12)
})

test('calls that wait for an exchange share the next one', async () => {
  const store = await openStore()
  const node = startNode(store)
  const insert = vi.spyOn(store, 'insert')
  await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      node.publish(`message ${index}`)
      await node.sync()
    }),
  )
  expect(insert.mock.calls.length).toBeLessThanOrEqual(3)
})

test('a node that starts receives what was sent before, as a backlog', async () => {
  const store = await openStore()
  const first = startNode(store)
  first.publish('earlier')
  await first.sync()
  const second = startNode(store)
  await second.sync()
  first.publish('later')
  await first.sync()
  await second.sync()
  expect([second.backlog, second.received]).toEqual([['earlier'], ['later']])
})

test('nodes understand each other after the database was restored, and IDs went back', async () => {
  const [before, after] = [await openStore(), await openStore()]
  let current = before
  const store = {
    insert: (text: string) => current.insert(text),
    listSince: (id: number, limit: number) => current.listSince(id, limit),
    deleteUpTo: (id: number) => current.deleteUpTo(id),
  }
  const [first, second] = [startNode(store), startNode(store)]
  for (let count = 0; count < 5; count += 1) {
    first.publish(`message ${count}`)
    await first.sync()
    await second.sync()
  }
  current = after
  first.publish('restored')
  await first.sync()
  second.publish('too')
  await second.sync()
  await first.sync()
  expect(second.received).toContain('restored')
  expect(first.received).toContain('too')
})

test('messages are deleted minutes after they were read', async () => {
  const store = await openStore()
  let now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  onTestFinished(() => void vi.restoreAllMocks())
  const { trim } = createTrimming(store)
  for (const text of ['a', 'b', 'c']) await store.insert(text)
  const [, second] = await store.listSince(0, 10)
  await trim(second?.id ?? 0)
  now = 179_999
  await trim(3)
  expect(await store.listSince(0, 10)).toHaveLength(3)
  now = 180_000
  await trim(3)
  expect((await store.listSince(0, 10)).map(({ text }) => text)).toEqual(['c'])
})
