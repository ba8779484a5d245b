import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { ZERO_EPOCHS } from '../../../src/model/epochs.ts'
import type { Store } from '../../../src/store/contract.ts'
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
} from '../../../src/testing/store/samples.ts'
import { DATABASES, type DatabaseKind } from '../../support/databases.ts'
import { MIGRATIONS } from '../../support/migrations.ts'
import type { DatabaseAddress } from './address.ts'
import { startWorker } from './processes.ts'
import type { Result, Worker } from './processes.ts'
import type { TaskName } from './worker.ts'

/** The number of codes that a test races for. */
const COUNT = 20
const INDEXES = Array.from({ length: COUNT }, (_, index) => index)

/** The parallel tries of each process at one code. */
const TRIES = 50

/** Options of the connections. */
type Connections = Pick<DatabaseAddress, 'isSerializable'>

/** Races four processes for everything that only one of them may get. None of them may see an error. */
export function testRaces(name: DatabaseKind['name'], connections: Connections = {}): void {
  const kind = DATABASES.find((each) => each.name === name)
  const level = connections.isSerializable ? ', whose connections are SERIALIZABLE' : ''
  describe.runIf(kind?.isAvailable)(`four processes on one database of ${name}${level}`, () => {
    if (kind) raceOn(kind, connections)
  })
}

function raceOn(kind: DatabaseKind, connections: Connections): void {
  let running: Promise<readonly Worker[]> | undefined
  const startWorkers = (): Promise<readonly Worker[]> => Promise.all([1, 2, 3, 4].map(() => startWorker()))
  async function stopWorkers(): Promise<void> {
    const workers = await running
    running = undefined
    workers?.forEach((worker) => worker.stop())
  }
  afterAll(stopWorkers)

  /** Runs one task in each process at the same time. Returns what the tasks returned. */
  async function race<Value>(
    url: string,
    tasks: readonly TaskName[],
    argument = 0,
  ): Promise<readonly Value[]> {
    // The workers of a test that timed out are still busy with it.
    onTestFinished(({ task }) => (task.result?.state === 'fail' ? stopWorkers() : undefined))
    const workers = await (running ??= startWorkers())
    const results = await Promise.all(
      tasks.map(
        async (task, index): Promise<Result> =>
          (await workers[index]?.run(task, { url, ...connections }, argument)) ?? {},
      ),
    )
    expect(results.filter(({ error }) => error)).toEqual([])
    return results.map(({ value }) => value as Value)
  }

  async function openMigrated(): Promise<{ url: string; store: Store }> {
    const { url, store, drop } = await kind.open()
    onTestFinished(drop)
    return { url, store }
  }

  async function openSignedIn(): Promise<{ url: string; store: Store }> {
    const opened = await openMigrated()
    await signIn(opened.store)
    return opened
  }

  test('apply each migration once', async () => {
    const { url, drop } = await kind.openEmpty()
    onTestFinished(drop)
    const applied = await race<readonly string[]>(url, inAll('migrate'), 5)
    expect(applied.flat().toSorted()).toEqual(MIGRATIONS)
  })

  test('exchange one code once in 200 tries', async () => {
    const { url, store } = await openSignedIn()
    await insertCodes(store)
    expect(sum(await race(url, inAll('exchangeOne'), TRIES))).toBe(1)
  })

  test('exchange one device code once in 200 tries', async () => {
    const { url, store } = await openSignedIn()
    await insertDeviceCodes(store, true)
    expect(sum(await race(url, inAll('exchangeOneDevice'), TRIES))).toBe(1)
  })

  test('use one refresh token once in 200 tries', async () => {
    const { url, store } = await openSignedIn()
    await store.authorizations.insert(sampleAuthorization(), 'alice')
    expect(sum(await race(url, inAll('refreshOne'), TRIES))).toBe(1)
  })

  test('rotate the secrets in the store once in 200 tries', async () => {
    const { url, store } = await openMigrated()
    await store.sealedSecrets.replace(0, 'first')
    expect(sum(await race(url, inAll('replaceSecrets'), TRIES))).toBe(1)
  })
  test('exchange each code once', async () => {
    const { url, store } = await openSignedIn()
    await insertCodes(store)
    expect(sorted(await race(url, inAll('exchange'), COUNT))).toEqual(INDEXES)
  })

  test('register no more clients of one owner than the owner may have', async () => {
    const { url, store } = await openMigrated()
    const inserted = await race<number>(url, inAll('registerClients'), COUNT)
    expect(sum(inserted)).toBe(5)
    expect(await store.clients.list({ ownerId: 'alice' })).toHaveLength(5)
  })

  test('spend each link to reset a password once', async () => {
    const { url, store } = await openSignedIn()
    const limit = { maximum: COUNT, since: 0 }
    for (const index of INDEXES) {
      const reset = samplePasswordReset({ hash: `reset-${index}` })
      await store.passwordResets.insert(reset, { subject: 'alice', epochs: ZERO_EPOCHS }, limit)
    }
    expect(sorted(await race(url, inAll('spendResets'), COUNT))).toEqual(INDEXES)
  })

  test('exchange each device code once', async () => {
    const { url, store } = await openSignedIn()
    await insertDeviceCodes(store, true)
    expect(sorted(await race(url, inAll('exchangeDevice'), COUNT))).toEqual(INDEXES)
  })

  test('let one of two users claim each device code', async () => {
    const { url, store } = await openSignedIn()
    await store.sessions.insert(sampleSession({ id: 'bob', ...BOB }), 'bob')
    await insertDeviceCodes(store, false)
    const [alice = [], bob = []] = await race<number[]>(url, ['claimAsAlice', 'claimAsBob'], COUNT)
    expect(sorted([alice, bob])).toEqual(INDEXES)
    for (const index of INDEXES) {
      const winner = alice.includes(index) ? 'alice' : 'bob'
      expect((await store.deviceCodes.find(`device-${index}`))?.claim?.userId).toBe(winner)
    }
  })

  test('slow down all parallel polls of a device code except one', async () => {
    const { url, store } = await openSignedIn()
    await insertDeviceCodes(store, false)
    expect(sorted(await race(url, inAll('poll'), COUNT))).toEqual(INDEXES)
    for (const index of INDEXES)
      expect((await store.deviceCodes.find(`device-${index}`))?.interval).toBe(5000 + 3 * 5000)
  })

  test('refresh each generation once', async () => {
    const { url, store } = await openSignedIn()
    await store.authorizations.insert(sampleAuthorization(), 'alice')
    let total = 0
    while (total < COUNT) for (const won of await race<number>(url, inAll('refresh'), COUNT)) total += won
    expect(total).toBe(COUNT)
    expect((await store.authorizations.find('azn'))?.generation).toBe(COUNT)
  })

  test('leave nothing valid if a revocation of the session races with exchanges', async () => {
    const { url, store } = await openSignedIn()
    await insertCodes(store)
    await race(url, ['exchange', 'revokeSession', 'exchange'], COUNT)
    await expectNothingValid(store, (index) => store.codes.find(`code-${index}`))
  })

  test('leave nothing valid if a revocation of all sessions races with exchanges', async () => {
    const { url, store } = await openSignedIn()
    await insertCodes(store)
    await race(url, ['exchange', 'revokeSessions', 'exchange'], COUNT)
    await expectNothingValid(store, (index) => store.codes.find(`code-${index}`))
  })

  test('revoke all sessions of a user in parallel, each of them once', async () => {
    const { url, store } = await openSignedIn()
    for (const index of INDEXES) await store.sessions.insert(sampleSession({ id: `${index}` }), 'alice')
    const revoked = (await race<readonly string[]>(url, inAll('revokeSessions'))).flat()
    expect(revoked.toSorted()).toEqual(['laptop', ...INDEXES.map(String)].toSorted())
    expect(await store.revocations.listSince(0, NOW, 100)).toHaveLength(revoked.length)
  })

  test('leave nothing valid if a revocation of the user races with devices', async () => {
    const { url, store } = await openSignedIn()
    await insertDeviceCodes(store, true)
    await race(url, ['exchangeDevice', 'revokeUser', 'exchangeDevice'], COUNT)
    await expectNothingValid(store, (index) => store.deviceCodes.find(`device-${index}`))
  })

  test('count every raise of an epoch', async () => {
    const { url, store } = await openSignedIn()
    await race(url, inAll('revokeUser'), 5)
    expect((await store.revocations.readEpochs('alice', 'web')).user).toBe(20)
  })

  test('lose no update of a client', async () => {
    const { url, store } = await openSignedIn()
    await race(url, inAll('appendToName'), 5)
    expect((await store.clients.find('web'))?.name).toBe(sampleClient().name + '+'.repeat(20))
  })
}

const inAll = (task: TaskName): TaskName[] => [task, task, task, task]

const sorted = (lists: readonly (readonly number[])[]): number[] => lists.flat().toSorted((a, b) => a - b)

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

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
