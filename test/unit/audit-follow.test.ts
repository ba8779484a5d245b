import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { createAuditFollower } from '../../src/audit/follow.ts'
import { StoreUnavailableError } from '../../src/errors.ts'
import type { AuditFilter } from '../../src/store/audit.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { sampleEntry } from '../../src/testing/store/audit.ts'

/** Follows the audit log of a database file, to which another connection writes. */
async function startFollowing(filter: AuditFilter = {}) {
  const file = join(mkdtempSync(join(tmpdir(), 'audit-')), 'consulate.db')
  const [writer, reader] = [sqlite(file), sqlite(file)]
  await writer.migrate()
  await writer.audit.insert([sampleEntry({ detail: 'before' })])
  const abort = new AbortController()
  const [seen, outages]: [string[], unknown[]] = [[], []]
  const follower = await createAuditFollower(reader.audit, filter)
  const options = {
    interval: 5,
    signal: abort.signal,
    onUnavailable: (error: unknown) => void outages.push(error),
  }
  const collect = async (): Promise<void> => {
    for await (const entries of follower.follow(options)) seen.push(...entries.map(({ detail }) => detail))
  }
  const done = collect()
  onTestFinished(async () => {
    abort.abort()
    await done
    await Promise.all([writer.close(), reader.close()])
  })
  const write = (...details: readonly string[]) =>
    writer.audit.insert(details.map((detail) => sampleEntry({ detail })))
  return { file, writer, write, seen, outages, abort, done }
}

const numbers = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => String(index))

test('yields each new entry once, and none from before', async () => {
  const { write, seen } = await startFollowing()
  const all = numbers(1_200)
  await write(...all.slice(0, 1_100))
  for (const detail of all.slice(1_100)) await write(detail)
  await expect.poll(() => seen.length).toBe(all.length)
  expect(seen).toEqual(all)
})

test('yields the entries that meet the conditions', async () => {
  const { writer, seen } = await startFollowing({ sub: 'bob' })
  await writer.audit.insert([sampleEntry({ detail: 'alice' }), sampleEntry({ sub: 'bob', detail: 'bob' })])
  await expect.poll(() => seen).toEqual(['bob'])
})

test('stops when the signal aborts', async () => {
  const { abort, done } = await startFollowing()
  abort.abort()
  await done
})

test('continues without gaps while another process locks the database', async () => {
  const { file, write, seen } = await startFollowing()
  const other = new DatabaseSync(file)
  other.exec('begin exclusive')
  const writing = write('during')
  setTimeout(() => other.exec('commit'), 50)
  await writing
  await write('after')
  await expect.poll(() => seen).toEqual(['during', 'after'])
  other.close()
})

test('reports each outage once, yields nothing without new entries, and lists again what a failed poll missed', async () => {
  const pages = [[], [1, 2], 'down', 'down', [2, 3], [2, 3], 'down', [1, 2, 3, 4]] as const
  const abort = new AbortController()
  const calls: number[] = []
  const store = {
    newestId: async () => 0,
    async listSince(id: number) {
      const page = pages[calls.push(id) - 1]
      if (page === 'down') throw new StoreUnavailableError('The database is gone', undefined)
      if (page === undefined) abort.abort()
      return (page ?? []).map((each) => ({ id: each, ...sampleEntry() }))
    },
  }
  let outages = 0
  const seen: (readonly number[])[] = []
  const onUnavailable = (): void => void (outages += 1)
  const options = { interval: 1, signal: abort.signal, onUnavailable }
  const { follow } = await createAuditFollower(store, {})
  for await (const entries of follow(options)) seen.push(entries.map(({ id }) => id))
  expect([seen, outages]).toEqual([[[1, 2], [3], [4]], 2])
})

test('does not try again after an error that is not an outage', async () => {
  const listSince = async () => Promise.reject(new TypeError('A bug'))
  await expect(createAuditFollower({ listSince, newestId: async () => 0 }, {})).rejects.toThrow('A bug')
})
