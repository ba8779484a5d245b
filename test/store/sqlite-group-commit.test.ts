import { once } from 'node:events'
import { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { StoreUnavailableError } from '../../src/errors.ts'
import type { Store } from '../../src/store/contract.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import {
  BOB,
  countTrue,
  NOW,
  sampleAuthorization,
  sampleCode,
  sampleRefresh,
  signIn,
} from '../../src/testing/store/samples.ts'
import { recordStatements } from '../support/statements.ts'
import { openMigrated, startWorker } from './races/processes.ts'

const ids = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `azn-${index}`)

const ONE_TRANSACTION = ['begin immediate', 'commit']

/** Opens a store with a number of authorizations, whose transactions are recorded. */
async function openAuthorized(count: number, busyTimeout?: number) {
  const statements = recordStatements()
  const { path, store } = await openMigrated(busyTimeout)
  await signIn(store)
  await store.authorizations.insert(sampleAuthorization({ id: 'template' }), 'alice')
  insertCopies(path, 'template', ids(count))
  return { path, store, statements }
}

/** Inserts copies of an authorization in one statement. */
function insertCopies(path: string, template: string, copies: readonly string[]): void {
  using database = new DatabaseSync(path)
  const columns = database.prepare("select name from pragma_table_info('consulate_authorizations')").all()
  const others = columns.map(({ name }) => String(name)).filter((name) => name !== 'id')
  const insert = database.prepare(
    `insert into consulate_authorizations (id, ${others.join()}) select value, ${others.join()}
     from consulate_authorizations, json_each(?) as copies where consulate_authorizations.id = ?`,
  )
  insert.run(JSON.stringify(copies), template)
}

const refresh = async ({ authorizations }: Store, id: string): Promise<boolean> =>
  (await authorizations.refresh(sampleRefresh({ id }))) !== undefined

const refreshAll = (store: Store, refreshed: readonly string[]): Promise<readonly boolean[]> =>
  Promise.all(refreshed.map((id) => refresh(store, id)))

const exchange = ({ codes }: Store, id: string, hash = 'code'): Promise<boolean> =>
  codes.exchange(hash, sampleAuthorization({ id }), 'alice', NOW)

/** Reads from the file whether authorizations were refreshed. */
function areRefreshed(path: string, wanted: readonly string[]): readonly boolean[] {
  using database = new DatabaseSync(path)
  const read = database.prepare('select generation from consulate_authorizations where id = ?')
  return wanted.map((id) => read.get(id)?.['generation'] === 1)
}

const allTrue = (wanted: readonly unknown[]): readonly true[] => wanted.map(() => true)

describe('writes of the same turn', () => {
  test.each([1, 16, 500])('are committed in one transaction: %i of them', async (count) => {
    const { path, store, statements } = await openAuthorized(count)
    const act = async () => expect(await refreshAll(store, ids(count))).toEqual(allTrue(ids(count)))
    expect(await statements.transactionsDuring({ file: path }, act)).toEqual(ONE_TRANSACTION)
    expect(areRefreshed(path, ids(count))).toEqual(allTrue(ids(count)))
  })

  test('are committed in one transaction, whatever they write', async () => {
    const { path, store, statements } = await openAuthorized(1)
    await store.codes.insert(sampleCode({ authorizationId: 'new' }), 'alice')
    const act = async () => {
      const lease = store.leases.change('purge', { holder: 'node', from: 0, state: null })
      expect(await Promise.all([refresh(store, 'azn-0'), exchange(store, 'new'), lease])).toEqual(
        allTrue([1, 2, 3]),
      )
    }
    expect(await statements.transactionsDuring({ file: path }, act)).toEqual(ONE_TRANSACTION)
  })

  test('see what those before them wrote: one of 500 exchanges spends a code', async () => {
    const { path, store, statements } = await openAuthorized(0)
    await store.codes.insert(sampleCode({ authorizationId: 'new' }), 'alice')
    const act = async () =>
      expect(countTrue(await Promise.all(ids(500).map(() => exchange(store, 'new'))))).toBe(1)
    expect(await statements.transactionsDuring({ file: path }, act)).toEqual(ONE_TRANSACTION)
  })

  test('fail alone if they violate a constraint', async () => {
    const { path, store } = await openAuthorized(500)
    const [taken = '', ...others] = ids(500)
    await store.codes.insert(sampleCode({ authorizationId: taken }), 'alice')
    const half = others.length / 2
    const results = await Promise.allSettled([
      ...others.slice(0, half).map((id) => refresh(store, id)),
      exchange(store, taken),
      ...others.slice(half).map((id) => refresh(store, id)),
    ])
    expect(results.filter(({ status }) => status === 'rejected')).toEqual([
      { status: 'rejected', reason: expect.objectContaining({ code: 'ERR_SQLITE_ERROR' }) as unknown },
    ])
    expect(areRefreshed(path, ids(500))).toEqual([false, ...allTrue(others)])
    expect((await store.codes.find('code'))?.spentAt).toBe(null)
  })

  test('fail alone, and change nothing, if what they return cannot be read', async () => {
    const { path, store } = await openAuthorized(16)
    const [broken = '', ...others] = ids(16)
    {
      using database = new DatabaseSync(path)
      database.exec(`update consulate_authorizations set scopes = 'not JSON' where id = '${broken}'`)
    }
    const results = await Promise.allSettled(ids(16).map((id) => refresh(store, id)))
    const succeeded = others.map(() => ({ status: 'fulfilled', value: true }))
    expect(results).toEqual([
      { status: 'rejected', reason: expect.any(SyntaxError) as unknown },
      ...succeeded,
    ])
    expect(areRefreshed(path, ids(16))).toEqual([false, ...allTrue(others)])
  })

  test('are committed before the store closes, and rejected afterwards', async () => {
    const { path, store } = await openAuthorized(16)
    const [late = '', ...others] = ids(16)
    const writes = refreshAll(store, others)
    await store.close()
    expect(await writes).toEqual(allTrue(others))
    await expect(refresh(store, late)).rejects.toThrow()
    expect(areRefreshed(path, ids(16))).toEqual([false, ...allTrue(others)])
  })

  test('wait while another process holds the lock, and are all committed afterwards', async () => {
    const { path, store } = await openAuthorized(16)
    const other = new DatabaseSync(path)
    onTestFinished(() => other.close())
    other.exec('begin immediate')
    const writes = refreshAll(store, ids(16))
    await sleep(50)
    other.exec('commit')
    expect(await writes).toEqual(allTrue(ids(16)))
    expect(areRefreshed(path, ids(16))).toEqual(allTrue(ids(16)))
  })

  test('are all rejected, and none is committed later, if the lock is held for too long', async () => {
    const { path, store } = await openAuthorized(16, 20)
    const other = new DatabaseSync(path)
    onTestFinished(() => other.close())
    other.exec('begin immediate')
    const results = await Promise.allSettled(ids(16).map((id) => refresh(store, id)))
    other.exec('commit')
    const unavailable = { status: 'rejected', reason: expect.any(StoreUnavailableError) as unknown }
    expect(results).toEqual(ids(16).map(() => unavailable))
    await store.close()
    expect(areRefreshed(path, ids(16))).toEqual(ids(16).map(() => false))
  })

  test('are all rejected, and change nothing, if the disk is full before their commit ends', async () => {
    const { path, store } = await openAuthorized(0)
    const codes = Array.from({ length: 100 }, (_, index) => `code-${index}`)
    for (const [index, hash] of codes.entries())
      await store.codes.insert(sampleCode({ hash, authorizationId: `azn-${index}` }), 'alice')
    {
      using database = new DatabaseSync(path)
      database.exec('pragma wal_checkpoint(truncate)')
    }
    // The log of the group needs more.
    const worker = await startWorker({ fileSize: 40 })
    onTestFinished(worker.stop)
    const exchangeAll = () => worker.run('exchange', { url: `sqlite:${path}` }, codes.length)
    expect(await exchangeAll()).toMatchObject({ error: 'StoreUnavailableError' })
    const found = await Promise.all(codes.map((hash) => store.codes.find(hash)))
    expect(found.map((code) => code?.spentAt)).toEqual(codes.map(() => null))
    const again = codes.map((hash, index) => exchange(store, `azn-${index}`, hash))
    expect(await Promise.all(again)).toEqual(allTrue(codes))
  })

  test('wait for transactions that another store of the process has opened on the file', async () => {
    const { path, store } = await openAuthorized(64)
    const other = sqlite(path)
    onTestFinished(() => other.close())
    const [ours, theirs] = [ids(64).slice(0, 32), ids(64).slice(32)]
    const revocations = [store, other].flatMap(({ revocations: { revoke } }) =>
      Array.from({ length: 8 }, () => revoke({ kind: 'user', user: BOB, subject: 'bob' }, NOW)),
    )
    const results = await Promise.all([refreshAll(store, ours), refreshAll(other, theirs)])
    expect(results.flat()).toEqual(allTrue(ids(64)))
    expect(new Set((await Promise.all(revocations)).map((entry) => entry?.epoch)).size).toBe(16)
    expect(areRefreshed(path, ids(64))).toEqual(allTrue(ids(64)))
  })

  test('of two threads are all committed', async () => {
    const { path, store } = await openAuthorized(400)
    const [ours, theirs] = [ids(400).slice(0, 200), ids(400).slice(200)]
    const thread = await startThread(path)
    const inThread = thread.refresh(theirs)
    for (let start = 0; start < ours.length; start += 10) {
      const group = ours.slice(start, start + 10)
      expect(await refreshAll(store, group)).toEqual(allTrue(group))
    }
    expect(await inThread).toEqual(allTrue(theirs))
    expect(areRefreshed(path, ids(400))).toEqual(allTrue(ids(400)))
  })
})

/** Starts a thread with a store of its own. */
async function startThread(path: string) {
  const module = new URL('../../src/store/sqlite.ts', import.meta.url).href
  const execArgv = ['--conditions=consulate-source']
  const worker = new Worker(THREAD, { eval: true, execArgv, workerData: { module, path } })
  onTestFinished(async () => void (await worker.terminate()))
  await once(worker, 'message')
  return {
    /** Refreshes authorizations, ten in each turn. Returns whether each was refreshed. */
    async refresh(wanted: readonly string[]): Promise<unknown> {
      const answered = once(worker, 'message')
      worker.postMessage(
        wanted.map((id) => sampleRefresh({ id })),
        [],
      )
      return (await answered)[0]
    },
  }
}

const THREAD = `
const { parentPort, workerData: { module, path } } = require('node:worker_threads')
import(module).then(async ({ sqlite }) => {
  const { authorizations } = sqlite(path)
  await authorizations.find('')
  parentPort.on('message', async (updates) => {
    const results = []
    for (let start = 0; start < updates.length; start += 10)
      results.push(...(await Promise.all(updates.slice(start, start + 10).map(authorizations.refresh))))
    parentPort.postMessage(results.map((result) => result !== undefined))
  })
  parentPort.postMessage('ready')
})
`
