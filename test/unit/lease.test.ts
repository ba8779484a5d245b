import { expect, onTestFinished, test, vi } from 'vitest'
import { createLease } from '../../src/jobs/lease.ts'
import { sqlite } from '../../src/store/sqlite.ts'

const MINUTE = 60_000

async function openNodes() {
  const store = sqlite(':memory:')
  await store.migrate()
  onTestFinished(store.close)
  let now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  onTestFinished(() => void vi.restoreAllMocks())
  const node = (holder: string) => createLease({ store: store.leases, name: 'purge', holder })
  return { first: node('first'), second: node('second'), wait: (time: number) => void (now += time) }
}

test('a lease that one node has taken is not free for another', async () => {
  const { first, second } = await openNodes()
  expect(await first.look()).toEqual({ isFree: true, hasChanged: false, state: null })
  await second.look()
  expect(await first.take()).toBeDefined()
  expect(await second.take()).toBeUndefined()
  expect(await second.look()).toEqual({ isFree: false, hasChanged: true, state: null })
})

test('a holder that ends its turn leaves the lease free, with a state', async () => {
  const { first, second } = await openNodes()
  const turn = await first.take()
  await turn?.end('codes 7')
  expect(await second.look()).toMatchObject({ isFree: true, state: 'codes 7' })
  expect(await second.take()).toBeDefined()
})

test('a holder that renews the lease keeps it, however long it takes', async () => {
  const { first, second, wait } = await openNodes()
  const turn = await first.take()
  for (let step = 0; step < 100; step += 1) {
    wait(MINUTE / 4)
    expect(await turn?.keep(`codes ${step}`)).toBe(true)
    expect(await second.look()).toMatchObject({ isFree: false })
  }
})

test('a holder that vanished loses the lease a minute after another node first saw it, with its last state', async () => {
  const { first, second, wait } = await openNodes()
  const turn = await first.take()
  wait(MINUTE / 2)
  await turn?.keep('codes 5')
  wait(10 * MINUTE)
  expect(await second.look()).toMatchObject({ isFree: false })
  wait(MINUTE - 1)
  expect(await second.look()).toMatchObject({ isFree: false })
  wait(1)
  expect(await second.look()).toMatchObject({ isFree: true, state: 'codes 5' })
  expect(await second.take()).toBeDefined()
})

test('a holder that was frozen notices before its next step, and leaves the lease to the new holder', async () => {
  const { first, second, wait } = await openNodes()
  const frozen = await first.take()
  await second.look()
  wait(MINUTE)
  await second.look()
  const turn = await second.take()
  expect(await frozen?.keep('codes 1')).toBe(false)
  await frozen?.end(null)
  expect(await frozen?.keep('codes 1')).toBe(false)
  wait(MINUTE / 2)
  expect(await turn?.keep('codes 9')).toBe(true)
  expect(await first.look()).toMatchObject({ isFree: false, state: 'codes 9' })
})

test('a holder that was frozen continues if no other node has taken the lease', async () => {
  const { first, second, wait } = await openNodes()
  const frozen = await first.take()
  await second.look()
  wait(10 * MINUTE)
  expect(await frozen?.keep('codes 1')).toBe(true)
  expect(await second.look()).toMatchObject({ isFree: false, state: 'codes 1' })
})
