import { Client } from 'pg'
import { createConnection } from 'mysql2/promise'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createAuditFollower } from '../../src/audit/follow.ts'
import { openStore } from '../../src/store/url.ts'
import { sampleEntry } from '../../src/testing/store/audit.ts'
import { DATABASES, type DatabaseKind } from '../support/databases.ts'

/** Follows the audit log of a database. Each further store has connections of its own, like another node. */
async function startFollowing(open: DatabaseKind['open'], writers: number) {
  const { url, store, drop } = await open()
  const others = Array.from({ length: writers }, () => openStore(url))
  onTestFinished(async () => {
    await Promise.all(others.map((other) => other.close()))
    await drop()
  })
  return { url, store, others }
}

async function follow({ store }: Awaited<ReturnType<typeof startFollowing>>) {
  const abort = new AbortController()
  const seen: string[] = []
  const follower = await createAuditFollower(store.audit, {})
  const collect = async (): Promise<void> => {
    for await (const entries of follower.follow({ interval: 5, signal: abort.signal }))
      seen.push(...entries.map(({ detail }) => detail))
  }
  const done = collect()
  const stop = async (): Promise<void> => {
    abort.abort()
    await done
  }
  return { seen, stop }
}

describe.for(DATABASES)('on $name', ({ isAvailable, open }) => {
  test.runIf(isAvailable)('a follower misses no entry of four nodes, and yields none twice', async () => {
    const database = await startFollowing(open, 4)
    const { seen, stop } = await follow(database)
    const written = await Promise.all(
      database.others.map(async ({ audit }, node) => {
        const details: string[] = []
        for (let batch = 0; batch < 25; batch += 1) {
          const entries = Array.from({ length: 1 + (batch % 5) }, (_, index) =>
            sampleEntry({ detail: `${node} ${batch} ${index}` }),
          )
          await audit.insert(entries)
          details.push(...entries.map(({ detail }) => detail))
        }
        return details
      }),
    )
    const all = written.flat()
    await expect.poll(() => seen.length).toBeGreaterThanOrEqual(all.length)
    await stop()
    expect(seen.toSorted()).toEqual(all.toSorted())
  })
})

/** Begins a transaction with an entry. Returns the function that commits it. */
const BEGINNERS: Readonly<Record<string, (url: string) => Promise<() => Promise<void>>>> = {
  async PostgreSQL(connectionString) {
    const client = new Client({ connectionString })
    await client.connect()
    await client.query(`begin; ${INSERT}`)
    return async () => {
      await client.query('commit')
      await client.end()
    }
  },
  MariaDB: beginOnMysql,
  MySQL: beginOnMysql,
}

async function beginOnMysql(url: string): Promise<() => Promise<void>> {
  const connection = await createConnection(url)
  await connection.beginTransaction()
  await connection.query(INSERT)
  return async () => {
    await connection.commit()
    await connection.end()
  }
}

const INSERT = "insert into consulate_audit (created_at, event, detail) values (1, 'request.refused', 'late')"

describe.for(DATABASES.filter(({ name }) => name in BEGINNERS))(
  'transactions on $name',
  ({ name, isAvailable, open }) => {
    test.runIf(isAvailable).each([
      ['began before the follower', true],
      ['began after it', false],
    ])('an entry of a transaction that %s is yielded when it is committed', async (_, isEarlier) => {
      const database = await startFollowing(open, 1)
      const begin = (): Promise<() => Promise<void>> => BEGINNERS[name]?.(database.url) ?? Promise.reject()
      const early = isEarlier ? await begin() : undefined
      await database.store.audit.insert([sampleEntry({ detail: 'before' })])
      const { seen, stop } = await follow(database)
      const commit = early ?? (await begin())
      await database.others[0]?.audit.insert([sampleEntry({ detail: 'higher ID' })])
      await expect.poll(() => seen).toEqual(['higher ID'])
      await commit()
      await expect.poll(() => seen).toEqual(['higher ID', 'late'])
      await stop()
    })
  },
)
