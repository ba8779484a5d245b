import { stat } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { Store } from '../../src/store/contract.ts'
import {
  NOW,
  sampleAuthorization,
  sampleCode,
  sampleRefresh,
  signIn,
} from '../../src/testing/store/samples.ts'
import { openMigrated } from './races/processes.ts'

const IDS = Array.from({ length: 16 }, (_, index) => `azn-${index}`)

/** A page in the log, with its header. A commit writes at least one. */
const FRAME = 4096 + 24

async function openAuthorized() {
  const { path, store } = await openMigrated()
  await signIn(store)
  for (const id of IDS) await store.authorizations.insert(sampleAuthorization({ id }), 'alice')
  return { path, store }
}

const refresh = async ({ authorizations }: Store, id: string): Promise<boolean> =>
  (await authorizations.refresh(sampleRefresh({ id }))) !== undefined

describe('writes of the same turn', () => {
  test('are committed together', async () => {
    const { path, store } = await openAuthorized()
    const before = (await stat(`${path}-wal`)).size
    expect(await Promise.all(IDS.map((id) => refresh(store, id)))).toEqual(IDS.map(() => true))
    const frames = ((await stat(`${path}-wal`)).size - before) / FRAME
    expect(frames).toBeGreaterThan(0)
    expect(frames).toBeLessThan(IDS.length)
  })

  test('fail alone', async () => {
    const { store } = await openAuthorized()
    const [taken = '', ...others] = IDS
    await store.codes.insert(sampleCode({ authorizationId: taken }), 'alice')
    const exchange = store.codes.exchange('code', sampleAuthorization({ id: taken }), 'alice', NOW)
    const results = await Promise.allSettled([exchange, ...others.map((id) => refresh(store, id))])
    const succeeded = others.map(() => ({ status: 'fulfilled', value: true }))
    expect(results).toEqual([{ status: 'rejected', reason: expect.any(Error) as unknown }, ...succeeded])
    expect((await store.codes.find('code'))?.spentAt).toBe(null)
  })
})
