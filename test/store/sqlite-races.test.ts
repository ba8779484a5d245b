import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Store } from '../../src/store/contract.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import {
  BOB,
  NOW,
  sampleAuthorization,
  sampleClaim,
  sampleCode,
  sampleDeviceCode,
  sampleSession,
  signIn,
} from '../../src/testing/store/samples.ts'
import { startWorkers, temporaryFolder } from './sqlite/processes.ts'
import type { Worker } from './sqlite/processes.ts'

const askAll = (workers: readonly Worker[], task: string, argument?: number) =>
  Promise.all(workers.map((worker) => worker.ask(task, argument)))

async function openSignedIn(): Promise<{ path: string; store: Store }> {
  const path = join(await temporaryFolder(), 'data.db')
  const store = sqlite(path)
  onTestFinished(() => store.close())
  await store.migrate()
  await signIn(store)
  return { path, store }
}

test('of four processes that migrate one new file at once, one does and none fails', async () => {
  const workers = await startWorkers(join(await temporaryFolder(), 'data.db'), 4)
  const answers = await askAll(workers, 'migrate')
  expect(answers.filter(({ error }) => error)).toEqual([])
  expect(answers.flatMap(({ value }) => value)).toEqual(['0001-first-tables', '0002-device-codes'])
})

test('each of 50 codes that four processes exchange at once is spent by exactly one', async () => {
  const { path, store } = await openSignedIn()
  const indexes = Array.from({ length: 50 }, (_, index) => index)
  for (const index of indexes) {
    await store.codes.insert(sampleCode({ hash: `code-${index}`, authorizationId: `azn-${index}` }), 'alice')
  }
  const answers = await askAll(await startWorkers(path, 4), 'exchange', 50)
  const winners = answers.flatMap(({ value }) => value as number[])
  expect(winners.toSorted((a, b) => a - b)).toEqual(indexes)
})

/** Device codes, as many as there are indexes, which Alice has approved or nobody has typed in yet. */
async function insertDevices(store: Store, indexes: readonly number[], isApproved: boolean): Promise<void> {
  const answer = isApproved ? ({ claim: sampleClaim(), decision: 'approved' } as const) : {}
  for (const index of indexes) {
    const code = { hash: `device-${index}`, authorizationId: `azn-${index}`, ...answer }
    await store.deviceCodes.insert(sampleDeviceCode(code))
  }
}

test('each of 50 device codes that two processes exchange at once is spent by exactly one', async () => {
  const { path, store } = await openSignedIn()
  const indexes = Array.from({ length: 50 }, (_, index) => index)
  await insertDevices(store, indexes, true)
  const answers = await askAll(await startWorkers(path, 2), 'exchangeDevice', 50)
  const winners = answers.flatMap(({ value }) => value as number[])
  expect(winners.toSorted((a, b) => a - b)).toEqual(indexes)
})

test('each of 50 device codes that two persons claim in two processes at once is of one of them', async () => {
  const { path, store } = await openSignedIn()
  await store.sessions.insert(sampleSession({ id: 'bob', ...BOB }), 'bob')
  const indexes = Array.from({ length: 50 }, (_, index) => index)
  await insertDevices(store, indexes, false)
  const [first, second] = await startWorkers(path, 2)
  const answers = await Promise.all([first?.ask('claimAsAlice', 50), second?.ask('claimAsBob', 50)])
  const [ofAlice, ofBob] = answers.map((answer) => answer?.value as number[])
  expect([...(ofAlice ?? []), ...(ofBob ?? [])].toSorted((a, b) => a - b)).toEqual(indexes)
  for (const index of indexes) {
    const winner = ofAlice?.includes(index) ? 'alice' : 'bob'
    expect((await store.deviceCodes.find(`device-${index}`))?.claim?.userId).toBe(winner)
  }
})

test('of polls in four processes at once, all but one of each device come too soon', async () => {
  const { path, store } = await openSignedIn()
  const indexes = Array.from({ length: 20 }, (_, index) => index)
  await insertDevices(store, indexes, false)
  const answers = await askAll(await startWorkers(path, 4), 'poll', 20)
  const noted = answers.flatMap(({ value }) => value as number[])
  expect(noted.toSorted((a, b) => a - b)).toEqual(indexes)
  for (const index of indexes)
    expect((await store.deviceCodes.find(`device-${index}`))?.interval).toBe(5000 + 3 * 5000)
})

test('after a revocation that races with devices in other processes, nothing of the person lives', async () => {
  const { path, store } = await openSignedIn()
  await insertDevices(
    store,
    Array.from({ length: 50 }, (_, index) => index),
    true,
  )
  const [revoker, ...racers] = await startWorkers(path, 3)
  const answers = await Promise.all([
    revoker?.ask('raise', 1),
    ...racers.map((racer) => racer.ask('exchangeDevice', 50)),
  ])
  expect(answers.map((answer) => answer?.error)).toEqual([undefined, undefined, undefined])
  expect(await store.authorizations.listByUser({ provider: 'users', userId: 'alice' }, NOW)).toEqual([])
  expect(await store.sessions.listByUser({ provider: 'users', userId: 'alice' }, NOW)).toEqual([])
  for (let index = 0; index < 50; index++) {
    const code = await store.deviceCodes.find(`device-${index}`)
    expect((code?.spentAt ?? null) === null).toBe(code?.voidedAt === NOW)
  }
})

test('each of 100 generations that three processes advance from is advanced by exactly one', async () => {
  const { path, store } = await openSignedIn()
  await store.authorizations.insert(sampleAuthorization(), 'alice')
  const workers = await startWorkers(path, 3)
  let total = 0
  while (total < 100) {
    const answers = await askAll(workers, 'advance', 100)
    for (const { value } of answers) total += value as number
  }
  expect(total).toBe(100)
  expect((await store.authorizations.find('azn'))?.generation).toBe(100)
})

test('after a revocation that races with exchanges in other processes, nothing of the session lives', async () => {
  const { path, store } = await openSignedIn()
  for (let index = 0; index < 50; index++) {
    await store.codes.insert(sampleCode({ hash: `code-${index}`, authorizationId: `azn-${index}` }), 'alice')
  }
  const [revoker, ...racers] = await startWorkers(path, 3)
  const [revoked, ...exchanged] = await Promise.all([
    revoker?.ask('revokeSession'),
    ...racers.map((racer) => racer.ask('exchange', 50)),
  ])
  expect([revoked, ...exchanged].map((answer) => answer?.error)).toEqual([undefined, undefined, undefined])
  expect(await store.authorizations.listByUser({ provider: 'users', userId: 'alice' }, NOW)).toEqual([])
  for (let index = 0; index < 50; index++) {
    const code = await store.codes.find(`code-${index}`)
    expect((code?.spentAt ?? null) === null).toBe(code?.voidedAt === NOW)
  }
})

test('raises of one epoch in several processes are all counted', async () => {
  const { path, store } = await openSignedIn()
  await askAll(await startWorkers(path, 3), 'raise', 20)
  expect((await store.revocations.readEpochs('alice', 'web')).user).toBe(60)
})

test('revisions of one client in several processes each see what the others did', async () => {
  const { path, store } = await openSignedIn()
  const { name = '' } = (await store.clients.find('web')) ?? {}
  const answers = await askAll(await startWorkers(path, 4), 'lengthenName', 25)
  expect(answers.filter(({ error }) => error)).toEqual([])
  expect((await store.clients.find('web'))?.name).toBe(name + '+'.repeat(100))
})
