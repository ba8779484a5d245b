/**
 * `npm run bench:growth -- log`: how long a node that starts takes to read the live revocations from PostgreSQL, as it does
 * today, and from a stream of Redis, and how soon a node that waits on the stream has a new entry.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createClient } from 'redis'
import { startRedis } from '../../test/support/redis.ts'
import { quantile } from '../load/quantile.ts'
import { align } from '../report.ts'
import { openDatabase, openStore } from './database.ts'
import { fill } from './fill.ts'

const OPTIONS = {
  entries: { type: 'string', default: '100000' },
  news: { type: 'string', default: '200' },
} as const
const { values } = parseArgs({ options: OPTIONS })
const [entries, news] = [Number(values.entries), Number(values.news)]
/** Entries per page, as the feed reads them. */
const PAGE = 1000
const STREAM = 'consulate:revocations'

async function readFromPostgres(): Promise<number> {
  const database = await openDatabase('postgres')
  const store = await openStore('postgres', database.location)
  try {
    await fill(database, { consulate_revocations: { rows: entries, old: 0 } })
    const start = performance.now()
    let count = 0
    for (let cursor = 0; ;) {
      const page = await store.revocations.listSince(cursor, Date.now(), PAGE)
      count += page.length
      cursor = page.at(-1)?.id ?? cursor
      if (page.length < PAGE) break
    }
    if (count < entries) throw new Error(`read ${count} entries`)
    return performance.now() - start
  } finally {
    await store.close()
    await database.stop()
  }
}

const connect = (url: string) => createClient({ url }).connect()

async function readFromRedis() {
  const redis = await startRedis()
  const [writer, reader] = [await connect(redis.url), await connect(redis.url)]
  const entry = (id: number) => ({ kind: 'session', subject: `session-${id}`, expiresAt: String(Date.now()) })
  try {
    for (let id = 0; id < entries; id += PAGE)
      await Promise.all(
        Array.from({ length: PAGE }, (_, index) => writer.xAdd(STREAM, '*', entry(id + index))),
      )
    const start = performance.now()
    let [cursor, count] = ['-', 0]
    for (;;) {
      const page = (await reader.xRange(STREAM, cursor, '+', { COUNT: PAGE })) ?? []
      count += page.length
      if (page.length < PAGE) break
      cursor = `(${page.at(-1)?.id ?? ''}`
    }
    const duration = performance.now() - start
    if (count < entries) throw new Error(`read ${count} entries`)
    const bytes = Number(await writer.memoryUsage(STREAM, { SAMPLES: 0 }))
    return { duration, perEntry: bytes / count, lags: await waitForNews(writer, reader, entry) }
  } finally {
    writer.destroy()
    reader.destroy()
    await redis.stop()
  }
}

type Client = Awaited<ReturnType<typeof connect>>

/** Returns how long after a write began a reader that waits has the entry (ms). */
async function waitForNews(
  writer: Client,
  reader: Client,
  entry: (id: number) => Record<string, string>,
): Promise<readonly number[]> {
  const lags: number[] = []
  for (let index = 0; index < news; index += 1) {
    const waiting = reader.xRead({ key: STREAM, id: '$' }, { BLOCK: 5000 })
    await sleep(2)
    const start = performance.now()
    await Promise.all([writer.xAdd(STREAM, '*', entry(index)), waiting])
    lags.push(performance.now() - start)
  }
  return lags
}

const postgres = await readFromPostgres()
const { duration, perEntry, lags } = await readFromRedis()
const perSecond = (ms: number): string => Math.round((entries * 1000) / ms).toLocaleString('en')
console.log(
  [
    `${entries.toLocaleString('en')} live revocations`,
    ...align([
      ['', 'ms', 'entries/s'],
      ['read from PostgreSQL', postgres.toFixed(0), perSecond(postgres)],
      ['read from a Redis stream', duration.toFixed(0), perSecond(duration)],
    ]),
    `  the stream takes ${perEntry.toFixed(0)} bytes per entry`,
    `  a waiting node has a new entry after ${quantile(lags, 0.5).toFixed(1)} ms (longest ${quantile(lags, 1).toFixed(1)} ms); one that polls every second, after 500 ms on average`,
  ].join('\n'),
)
