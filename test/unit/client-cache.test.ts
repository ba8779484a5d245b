import { expect, test } from 'vitest'
import { createClientCache } from '../../src/clients/cache.ts'
import { sampleClient } from '../../src/testing/store/samples.ts'
import { createTestClock } from '../support/clock.ts'

/** Returns how many of 1,000 clients with a logo of this length are still cached after all were found. */
async function countCached(length: number): Promise<number> {
  let queries = 0
  const find = async (id: string) => {
    queries += 1
    return sampleClient({ id, logo: 'x'.repeat(length) })
  }
  const cache = createClientCache({ find }, createTestClock(), 3_600_000)
  const ids = Array.from({ length: 1000 }, (_, index) => `client-${index}`)
  for (const id of ids) await cache.find(id)
  queries = 0
  for (const id of ids.toReversed()) await cache.find(id)
  return ids.length - queries
}

test('the cache remembers many clients, but not many large ones, which users could register to fill the memory', async () => {
  expect(await countCached(2000)).toBe(1000)
  expect(await countCached(80_000)).toBe(500)
})

test('a client is cached from when the query was sent, because it may change while a slow database answers', async () => {
  const clock = createTestClock()
  let queries = 0
  const find = async (id: string) => {
    queries += 1
    clock.advance('40s')
    return sampleClient({ id })
  }
  const cache = createClientCache({ find }, clock, 60_000)
  await cache.find('web')
  await cache.find('web')
  expect(queries).toBe(1)
  clock.advance('20s')
  await cache.find('web')
  expect(queries).toBe(2)
})
