import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Store } from '../../src/store/contract.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { NOW, sampleAuthorization, sampleCode, signIn } from '../../src/testing/store/kit.ts'
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
  expect(answers.flatMap(({ value }) => value)).toEqual(['0001-first-tables'])
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
  expect(await store.authorizations.listOf({ provider: 'users', userId: 'alice' }, NOW)).toEqual([])
  for (let index = 0; index < 50; index++) {
    const code = await store.codes.find(`code-${index}`)
    expect((code?.spentAt ?? null) === null).toBe(code?.voidedAt === NOW)
  }
})

test('raises of one epoch in several processes are all counted', async () => {
  const { path, store } = await openSignedIn()
  await askAll(await startWorkers(path, 3), 'raise', 20)
  expect((await store.revocations.epochs('alice', 'web')).user).toBe(60)
})
