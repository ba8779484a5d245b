import { randomUUID } from 'node:crypto'
import type { Store } from '../../../src/store/contract.ts'
import type { DeviceClaim } from '../../../src/model/device-code.ts'
import {
  ALICE,
  BOB,
  countTrue,
  NOW,
  sampleAuthorization,
  sampleClaim,
  sampleClient,
  sampleRefresh,
  sampleSession,
} from '../../../src/testing/store/samples.ts'
import { openAddress, type DatabaseAddress } from './address.ts'

// The test process has exited, and cannot stop this one any more.
process.on('disconnect', () => process.exit())

/** A process with a store of its own. It runs the tasks that a test sends. */
type Task = (store: Store, argument: number) => Promise<unknown>

const indexesOf = (results: readonly boolean[]): readonly number[] =>
  results.flatMap((isTrue, index) => (isTrue ? [index] : []))

/** Calls `act` for each index below `count` in parallel. Returns the indexes for which it returned true. */
const winnersOf = async (
  count: number,
  act: (index: number) => Promise<boolean>,
): Promise<readonly number[]> =>
  indexesOf(await Promise.all(Array.from({ length: count }, (_, index) => act(index))))

/** Refreshes from a generation. Returns whether this call won. */
const refreshes = async (store: Store, from: number): Promise<boolean> =>
  (await store.authorizations.refresh(sampleRefresh({ from, to: from + 1 }))) !== undefined

const claimDevices = (store: Store, count: number, claim: DeviceClaim) =>
  winnersOf(count, (index) => store.deviceCodes.claim(`device-${index}`, claim, NOW))

/** Calls `act` this many times in parallel. Returns how often it returned true. */
const countWins = async (count: number, act: () => Promise<boolean>): Promise<number> =>
  countTrue(await Promise.all(Array.from({ length: count }, act)))

const tasks = {
  /** Migrates in parallel. Returns the names of all migrations that were applied. */
  async migrate(store, count) {
    const applied = await Promise.all(Array.from({ length: count }, () => store.migrate()))
    return applied.flat()
  },
  exchangeOne: (store, count) =>
    countWins(count, () =>
      store.codes.exchange('code-0', sampleAuthorization({ id: 'azn-0' }), 'alice', NOW),
    ),
  exchangeOneDevice: (store, count) =>
    countWins(count, () => {
      const session = sampleSession({ id: 'session-0' })
      const authorization = sampleAuthorization({ id: 'azn-0', sessionId: session.id })
      return store.deviceCodes.exchange('device-0', authorization, 'alice', NOW, session)
    }),
  refreshOne: (store, count) => countWins(count, () => refreshes(store, 0)),
  replaceSecrets: (store, count) => countWins(count, () => store.sealedSecrets.replace(1, 'sealed')),
  find: (store) => store.clients.find('web'),
  insertSession: (store, index) => store.sessions.insert(sampleSession({ id: `session-${index}` }), 'alice'),
  async appendToName(store, count) {
    for (let round = 0; round < count; round++) {
      await store.clients.update('web', ({ name }) => ({ name: `${name}+` }))
    }
  },
  exchange: (store, count) =>
    winnersOf(count, (index) => {
      const authorization = sampleAuthorization({ id: `azn-${index}` })
      return store.codes.exchange(`code-${index}`, authorization, 'alice', NOW)
    }),
  exchangeDevice: (store, count) =>
    winnersOf(count, (index) => {
      const session = sampleSession({ id: `session-${index}` })
      const authorization = sampleAuthorization({ id: `azn-${index}`, sessionId: session.id })
      return store.deviceCodes.exchange(`device-${index}`, authorization, 'alice', NOW, session)
    }),
  spendResets: (store, count) =>
    winnersOf(count, (index) => store.passwordResets.spend(`reset-${index}`, NOW)),
  claimAsAlice: (store, count) => claimDevices(store, count, sampleClaim()),
  claimAsBob: (store, count) => claimDevices(store, count, sampleClaim({ ...BOB, sessionId: 'bob' })),
  poll: (store, count) =>
    winnersOf(
      count,
      async (index) =>
        (await store.deviceCodes.poll(`device-${index}`, { now: NOW, nodeId: 'node' })) === 'pending',
    ),
  /** Refreshes one authorization from each generation below `count`. Returns how often it won. */
  async refresh(store, count) {
    const results: boolean[] = []
    for (let from = 0; from < count; from++) {
      results.push(await refreshes(store, from))
    }
    return countTrue(results)
  },
  /** Registers clients of one owner, who may have a few. Returns how many were inserted. */
  async registerClients(store, count) {
    const limits = { active: 5, recent: count * 3, since: NOW - 1, userEpoch: 0 }
    const outcomes = Array.from({ length: count }, () =>
      store.clients.insert(sampleClient({ id: randomUUID(), ownerId: 'alice' }), limits),
    )
    return countTrue((await Promise.all(outcomes)).map((outcome) => outcome === 'inserted'))
  },
  revokeSession: (store) => store.revocations.revoke({ kind: 'session', id: 'laptop' }, NOW),
  /** Revokes all sessions of Alice. Returns the IDs of those that this call revoked. */
  async revokeSessions(store) {
    const entries = await store.revocations.revokeSessions(ALICE, { subject: 'alice' }, NOW)
    return entries.map(({ subject }) => subject)
  },
  async revokeUser(store, count) {
    const target = { kind: 'user', user: ALICE, subject: 'alice' } as const
    for (let round = 0; round < count; round++) await store.revocations.revoke(target, NOW)
  },
} satisfies Readonly<Record<string, Task>>

export type TaskName = keyof typeof tasks

async function run(name: TaskName, database: DatabaseAddress, argument: number): Promise<unknown> {
  const store = await openOnce(database)
  try {
    return { value: (await tasks[name](store, argument)) ?? null }
  } catch (error) {
    return {
      error: error instanceof Error ? error.name : 'unknown',
      cause: String((error as Error).cause ?? error),
    }
  }
}

let current: { readonly url: string; readonly store: Store } | undefined

async function openOnce(database: DatabaseAddress): Promise<Store> {
  if (current?.url === database.url) return current.store
  await current?.store.close()
  current = { url: database.url, store: await openAddress(database) }
  return current.store
}

const [uid] = process.argv.slice(2)
if (uid) {
  process.setgid?.(Number(uid))
  process.setuid?.(Number(uid))
}
process.on('message', async ([name, database, argument]: [TaskName, DatabaseAddress, number]) => {
  process.send?.(await run(name, database, argument))
})
process.send?.('ready')
