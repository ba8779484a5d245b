import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ZERO_EPOCHS } from '../../src/model/epochs.ts'
import type { Store } from '../../src/store/contract.ts'
import {
  ALICE,
  BOB,
  NOW,
  sampleAuthorization,
  sampleClaim,
  sampleClient,
  sampleCode,
  sampleDeviceCode,
  samplePasswordReset,
  sampleSession,
  signIn,
} from '../../src/testing/store/samples.ts'
import { MIGRATIONS } from '../support/migrations.ts'
import { createFolder, openMigrated, startWorker } from './sqlite/processes.ts'
import type { Result, Worker } from './sqlite/processes.ts'
import type { TaskName } from './sqlite/worker.ts'

/** The number of codes that each test races for. */
const COUNT = 20
const INDEXES = Array.from({ length: COUNT }, (_, index) => index)

const workers: Worker[] = []
beforeAll(async () => void workers.push(...(await Promise.all([1, 2, 3].map(() => startWorker())))))
afterAll(() => workers.forEach((worker) => worker.stop()))

/** Runs one task in each process at the same time. Returns what the tasks returned. */
async function race<Value>(
  path: string,
  tasks: readonly TaskName[],
  argument = 0,
): Promise<readonly Value[]> {
  const results = await Promise.all(
    tasks.map(
      async (task, index): Promise<Result> => (await workers[index]?.run(task, path, argument)) ?? {},
    ),
  )
  expect(results.filter(({ error }) => error)).toEqual([])
  return results.map(({ value }) => value as Value)
}

const inAll = (task: TaskName): TaskName[] => [task, task, task]

const sorted = (lists: readonly (readonly number[])[]): number[] => lists.flat().toSorted((a, b) => a - b)

async function openSignedIn(): Promise<{ path: string; store: Store }> {
  const { path, store } = await openMigrated()
  await signIn(store)
  return { path, store }
}

async function insertCodes(store: Store): Promise<void> {
  for (const index of INDEXES) {
    await store.codes.insert(sampleCode({ hash: `code-${index}`, authorizationId: `azn-${index}` }), 'alice')
  }
}

async function insertDeviceCodes(store: Store, isApproved: boolean): Promise<void> {
  const decision = isApproved ? ({ claim: sampleClaim(), decision: 'approved' } as const) : {}
  for (const index of INDEXES) {
    const code = { hash: `device-${index}`, authorizationId: `azn-${index}`, ...decision }
    await store.deviceCodes.insert(sampleDeviceCode(code))
  }
}

/** Expects that every code is either spent or voided, and that Alice has no valid authorization or session. */
async function expectNothingValid(
  store: Store,
  find: (index: number) => Promise<{ spentAt: number | null; voidedAt: number | null } | undefined>,
): Promise<void> {
  expect(await store.authorizations.listByUser(ALICE, NOW)).toEqual([])
  expect(await store.sessions.listByUser(ALICE, NOW)).toEqual([])
  for (const index of INDEXES) {
    const { spentAt, voidedAt } = (await find(index)) ?? {}
    expect([spentAt, voidedAt]).toContain(null)
    expect([spentAt, voidedAt]).toContain(NOW)
  }
}

describe('three processes on one database file', () => {
  test('apply each migration once', async () => {
    const path = join(await createFolder(), 'data.db')
    const applied = await race<readonly string[]>(path, inAll('migrate'))
    expect(applied.flat().toSorted()).toEqual(MIGRATIONS)
  })

  test('exchange each code once', async () => {
    const { path, store } = await openSignedIn()
    await insertCodes(store)
    expect(sorted(await race(path, inAll('exchange'), COUNT))).toEqual(INDEXES)
  })

  test('register no more clients of one owner than the owner may have', async () => {
    const { path, store } = await openMigrated()
    const inserted = await race<number>(path, inAll('registerClients'), COUNT)
    expect(inserted.reduce((sum, count) => sum + count, 0)).toBe(5)
    expect(await store.clients.list({ ownerId: 'alice' })).toHaveLength(5)
  })

  test('spend each link to reset a password once', async () => {
    const { path, store } = await openSignedIn()
    const limit = { maximum: COUNT, since: 0 }
    for (const index of INDEXES) {
      const reset = samplePasswordReset({ hash: `reset-${index}` })
      await store.passwordResets.insert(reset, { subject: 'alice', epochs: ZERO_EPOCHS }, limit)
    }
    expect(sorted(await race(path, inAll('spendResets'), COUNT))).toEqual(INDEXES)
  })

  test('exchange each device code once', async () => {
    const { path, store } = await openSignedIn()
    await insertDeviceCodes(store, true)
    expect(sorted(await race(path, inAll('exchangeDevice'), COUNT))).toEqual(INDEXES)
  })

  test('let one of two users claim each device code', async () => {
    const { path, store } = await openSignedIn()
    await store.sessions.insert(sampleSession({ id: 'bob', ...BOB }), 'bob')
    await insertDeviceCodes(store, false)
    const [alice = [], bob = []] = await race<number[]>(path, ['claimAsAlice', 'claimAsBob'], COUNT)
    expect(sorted([alice, bob])).toEqual(INDEXES)
    for (const index of INDEXES) {
      const winner = alice.includes(index) ? 'alice' : 'bob'
      expect((await store.deviceCodes.find(`device-${index}`))?.claim?.userId).toBe(winner)
    }
  })

  test('slow down all parallel polls of a device code except one', async () => {
    const { path, store } = await openSignedIn()
    await insertDeviceCodes(store, false)
    expect(sorted(await race(path, inAll('poll'), COUNT))).toEqual(INDEXES)
    for (const index of INDEXES)
      expect((await store.deviceCodes.find(`device-${index}`))?.interval).toBe(5000 + 2 * 5000)
  })

  test('refresh each generation once', async () => {
    const { path, store } = await openSignedIn()
    await store.authorizations.insert(sampleAuthorization(), 'alice')
    let total = 0
    while (total < COUNT) for (const won of await race<number>(path, inAll('refresh'), COUNT)) total += won
    expect(total).toBe(COUNT)
    expect((await store.authorizations.find('azn'))?.generation).toBe(COUNT)
  })

  test('leave nothing valid if a revocation of the session races with exchanges', async () => {
    const { path, store } = await openSignedIn()
    await insertCodes(store)
    await race(path, ['exchange', 'revokeSession', 'exchange'], COUNT)
    await expectNothingValid(store, (index) => store.codes.find(`code-${index}`))
  })

  test('leave nothing valid if a revocation of all sessions races with exchanges', async () => {
    const { path, store } = await openSignedIn()
    await insertCodes(store)
    await race(path, ['exchange', 'revokeSessions', 'exchange'], COUNT)
    await expectNothingValid(store, (index) => store.codes.find(`code-${index}`))
  })

  test('revoke all sessions of a user in parallel, each of them once', async () => {
    const { path, store } = await openSignedIn()
    for (const index of INDEXES) await store.sessions.insert(sampleSession({ id: `${index}` }), 'alice')
    const revoked = (await race<readonly string[]>(path, inAll('revokeSessions'))).flat()
    expect(revoked.toSorted()).toEqual(['laptop', ...INDEXES.map(String)].toSorted())
    expect(await store.revocations.listSince(0, NOW, 100)).toHaveLength(revoked.length)
  })

  test('leave nothing valid if a revocation of the user races with devices', async () => {
    const { path, store } = await openSignedIn()
    await insertDeviceCodes(store, true)
    await race(path, ['exchangeDevice', 'revokeUser', 'exchangeDevice'], COUNT)
    await expectNothingValid(store, (index) => store.deviceCodes.find(`device-${index}`))
  })

  test('count every raise of an epoch', async () => {
    const { path, store } = await openSignedIn()
    await race(path, inAll('revokeUser'), 5)
    expect((await store.revocations.readEpochs('alice', 'web')).user).toBe(15)
  })

  test('lose no update of a client', async () => {
    const { path, store } = await openSignedIn()
    await race(path, inAll('appendToName'), 5)
    expect((await store.clients.find('web'))?.name).toBe(sampleClient().name + '+'.repeat(15))
  })
})
