import { execFile } from 'node:child_process'
import { access, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'
import { expect, onTestFinished, test, vi } from 'vitest'
import { StoreUnavailableError } from '../../src/errors.ts'
import type { Store } from '../../src/store/contract.ts'
import { NOW, sampleSession } from '../../src/testing/store/samples.ts'
import { cutoffsAt } from '../../src/testing/store/purge-steps.ts'
import { openMigrated } from './races/processes.ts'

const DAY = 86_400_000

/** Inserts a session that expired a day ago. */
const insertExpired = (store: Store, id: string): Promise<boolean> =>
  store.sessions.insert(sampleSession({ id, expiresAt: NOW - DAY }), 'alice')

/** Purges the sessions. */
function step(store: Store): ReturnType<Store['purge']['step']> {
  return store.purge.step({
    kind: 'sessions',
    cutoffs: cutoffsAt(NOW),
    after: undefined,
    limit: 100,
    isDryRun: false,
  })
}

/** Purges the sessions. Returns how many were deleted. */
const purge = async (store: Store): Promise<number> => (await step(store)).count

test('runs in a thread of its own, so that requests do not wait for it', async () => {
  const { store } = await openMigrated()
  await insertExpired(store, 'old')
  const statements: string[] = []
  const prepare = DatabaseSync.prototype.prepare
  vi.spyOn(DatabaseSync.prototype, 'prepare').mockImplementation(function (this: DatabaseSync, sql: string) {
    statements.push(sql)
    return prepare.call(this, sql)
  })
  onTestFinished(() => void vi.restoreAllMocks())
  expect(await purge(store)).toBe(1)
  expect(statements).toEqual([])
  expect(await store.sessions.find('old')).toBe(undefined)
  expect(statements).toHaveLength(1)
})

test('does not count the wait for a busy event loop as work, because the size of batches depends on it', async () => {
  const { store } = await openMigrated()
  await insertExpired(store, 'old')
  const purged = step(store)
  const start = performance.now()
  while (performance.now() - start < 1_000);
  const { count, duration } = await purged
  expect([count, duration < 1_000]).toEqual([1, true])
})

test('waits for the lock of another process, and makes the store unavailable if it takes too long', async () => {
  const { path, store } = await openMigrated(50)
  await insertExpired(store, 'old')
  const other = new DatabaseSync(path)
  onTestFinished(() => other.close())
  other.exec('begin immediate')
  await expect(purge(store)).rejects.toThrow(StoreUnavailableError)
  const purged = purge(store)
  other.exec('rollback')
  expect(await purged).toBe(1)
})

test('makes the store unavailable if the file was deleted, and does not create it again', async () => {
  const { path, store } = await openMigrated()
  await insertExpired(store, 'old')
  expect(await purge(store)).toBe(1)
  await rm(path)
  await expect(purge(store)).rejects.toThrow(StoreUnavailableError)
  await expect(access(path)).rejects.toThrow('ENOENT')
})

test('opens the file again if it was replaced by a backup', async () => {
  const { folder, path, store } = await openMigrated()
  await insertExpired(store, 'old')
  const backup = join(folder, 'backup.db')
  const database = new DatabaseSync(path)
  database.prepare('vacuum into ?').run(backup)
  database.close()
  expect([await purge(store), await purge(store)]).toEqual([1, 0])
  for (const ending of ['-wal', '-shm']) await rm(path + ending, { force: true })
  await rename(backup, path)
  expect(await purge(store)).toBe(1)
})

test('is over before the store is closed, and fails afterwards', async () => {
  const { path, store } = await openMigrated()
  for (let index = 0; index < 50; index += 1) await insertExpired(store, `old ${index}`)
  const purged = purge(store)
  await store.close()
  expect(await purged).toBe(50)
  await expect(access(`${path}-wal`)).rejects.toThrow('ENOENT')
  await expect(purge(store)).rejects.toThrow()
})

test('looks at rows from before they had a time for it, and at each only once', async () => {
  const { path, store } = await openMigrated()
  await insertExpired(store, 'old')
  await store.sessions.insert(sampleSession({ id: 'live', expiresAt: NOW + DAY }), 'alice')
  const database = new DatabaseSync(path)
  onTestFinished(() => database.close())
  database.exec('update consulate_sessions set purge_at = 0')
  expect(await purge(store)).toBe(1)
  expect(database.prepare('select id, purge_at from consulate_sessions').all()).toEqual([
    { id: 'live', purge_at: NOW + DAY },
  ])
})

test('runs in the main thread if Node may not start threads', async () => {
  const { path, store } = await openMigrated()
  await insertExpired(store, 'old')
  const module = new URL('../../src/store/sqlite.ts', import.meta.url).href
  const program = `import { sqlite } from ${JSON.stringify(module)}
    const store = sqlite(${JSON.stringify(path)})
    const cutoffs = ${JSON.stringify(cutoffsAt(NOW))}
    const step = { kind: 'sessions', cutoffs, after: undefined, limit: 100, isDryRun: false }
    console.log((await store.purge.step(step)).count)
    await store.close()`
  const flags = ['--permission', '--allow-fs-read=*', '--allow-fs-write=*', '--input-type=module']
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, '--eval', program])
  expect(stdout.trim()).toBe('1')
})

test('continues if its thread has ended, as it does when it is idle', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const { store } = await openMigrated()
  for (const id of ['old', 'older']) {
    await insertExpired(store, id)
    expect(await purge(store)).toBe(1)
    await vi.advanceTimersByTimeAsync(11_000)
  }
})
