import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BroadcastConnection, LiveRevocations } from '../../src/broadcast/broadcast.ts'
import { redis } from '../../src/broadcast/redis.ts'
import { silentLogger } from '../../src/lib/log.ts'
import type { RevocationEntry } from '../../src/model/revocation.ts'
import { eventually } from '../support/cluster.ts'
import { hasRedis, startRedis } from '../support/redis.ts'

const COMPLETE = 'TOKEN_BLACK_LIST:COMPLETE'

const entryOf = (id: number): RevocationEntry => ({
  id,
  kind: 'token',
  subject: `token${id}`,
  sub: 'alice',
  epoch: 0,
  expiresAt: Date.now() + 900_000,
})
const keyOf = (id: number): string => `TOKEN_BLACK_LIST_alice_token${id}`
/** Returns the page after an ID, of entries up to the last one. */
const page = (cursor: number, limit: number, last: number): readonly RevocationEntry[] =>
  Array.from({ length: Math.min(limit, last - cursor) }, (_, index) => entryOf(cursor + index + 1))

describe.runIf(hasRedis)('the copy of the revocations in Redis', () => {
  let store: Awaited<ReturnType<typeof startRedis>>
  beforeAll(async () => void (store = await startRedis()))
  afterAll(() => store.stop())

  const open = (list: LiveRevocations['list'], isFresh = () => true): BroadcastConnection =>
    redis(store.url).open({
      issuer: 'https://id.example.com',
      revocations: { list, isFresh },
      clock: { now: Date.now },
      logger: silentLogger,
    })
  /** Waits for the marker. Returns which of the keys exist at the same moment. */
  async function keysWhenComplete(ids: readonly number[]): Promise<readonly unknown[]> {
    let found: readonly unknown[] = []
    const isComplete = async () => {
      found = (await store.command('MGET', COMPLETE, ...ids.map(keyOf))) as unknown[]
      return found[0] !== null
    }
    expect(await eventually(isComplete)).toBe(true)
    return found.slice(1)
  }

  test('is not called complete if Redis was flushed while it was written', async () => {
    let flushes = 0
    const connection = open(async (cursor, limit) => {
      if (cursor > 0 && flushes < 2) {
        flushes += 1
        await store.command('FLUSHALL')
      }
      return page(cursor, limit, 1_200)
    })
    expect(await keysWhenComplete([1, 600, 1_200])).toEqual(['1', '1', '1'])
    expect(flushes).toBe(2)
    await connection.close()
  })

  test('lets messages through while it is written', async () => {
    await store.command('FLUSHALL')
    let hasArrived = false
    const connection = open(async (cursor, limit) => {
      if (cursor === limit) connection.publish('news')
      return page(cursor, limit, hasArrived ? cursor : Number.POSITIVE_INFINITY)
    })
    connection.subscribe(() => (hasArrived = true))
    expect(await keysWhenComplete([1])).toEqual(['1'])
    expect(hasArrived).toBe(true)
    await connection.close()
  })

  test('is not called complete for longer than 10 seconds by a node that cannot read the store', async () => {
    await store.command('FLUSHALL')
    let isFresh = true
    const connection = open(
      async (cursor, limit) => page(cursor, limit, 1),
      () => isFresh,
    )
    await keysWhenComplete([1])
    isFresh = false
    // Shortens the wait. It would never end if the node extended the marker every second.
    const isExpired = async () => {
      await store.command('PEXPIRE', COMPLETE, '1500', 'LT')
      return (await store.command('EXISTS', COMPLETE)) === 0
    }
    expect(Number(await store.command('TTL', COMPLETE))).toBeLessThanOrEqual(10)
    expect(await eventually(isExpired)).toBe(true)
    await connection.close()
  })

  test('is written once more after the store has failed', async () => {
    await store.command('FLUSHALL')
    let attempts = 0
    const connection = open(async (cursor, limit) => {
      attempts += 1
      if (attempts < 3) throw new Error('The database is away')
      return page(cursor, limit, 1)
    })
    expect(await eventually(async () => connection.problem?.includes('database is away') ?? false)).toBe(true)
    expect(await keysWhenComplete([1])).toEqual(['1'])
    expect(connection.problem).toBe(undefined)
    await connection.close()
  })

  test('gets all entries of a burst that is larger than what may be pending', async () => {
    await store.command('FLUSHALL')
    let last = 1
    const connection = open(async (cursor, limit) => page(cursor, limit, last))
    await keysWhenComplete([1])
    last = 12_000
    for (let id = 2; id <= last; id += 1) connection.record?.(entryOf(id))
    const areWritten = async () =>
      (await store.command('EXISTS', keyOf(2), keyOf(6_000), keyOf(12_000))) === 3
    expect(await eventually(areWritten)).toBe(true)
    expect(await keysWhenComplete([2, 12_000])).toEqual(['1', '1'])
    await connection.close()
  })
})
