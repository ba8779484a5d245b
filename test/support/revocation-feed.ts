import { copyFile, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { onTestFinished, vi } from 'vitest'
import type { AccessTokenClaims } from '../../src/model/claims.ts'
import { createRevocationFeed } from '../../src/revocations/feed.ts'
import type { RevocationFeed } from '../../src/revocations/feed.ts'
import type { RevocationSource } from '../../src/revocations/reader.ts'
import type { Store } from '../../src/store/contract.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { MINUTE } from '../../src/testing/store/samples.ts'
import { createTestClock } from './clock.ts'
import type { TestClock } from './clock.ts'

/** In milliseconds. */
export const POLL_INTERVAL = 1_000

export interface FeedSetup {
  readonly path: string
  readonly store: Store
  readonly clock: TestClock
  readonly feed: RevocationFeed
  readonly logs: readonly string[]
  /** Returns how often the source was read from the beginning. */
  readonly fullReads: () => number
}

/** Opens a feed on a store of its own. All clocks stand still unless a test advances them. */
export async function openFeed(): Promise<FeedSetup> {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance', 'Date'] })
  const folder = await mkdtemp(join(tmpdir(), 'consulate-'))
  const path = join(folder, 'data.db')
  const store = sqlite(path)
  await store.migrate()
  const clock = createTestClock()
  const logs: string[] = []
  const logger = { log: (level: string, message: string) => void logs.push(`${level}: ${message}`) }
  let fullReads = 0
  const source: RevocationSource = {
    listSince(cursor, now, limit) {
      fullReads += Number(cursor === 0)
      return store.revocations.listSince(cursor, now, limit)
    },
  }
  const feed = createRevocationFeed({
    source,
    clock,
    logger,
    pollInterval: POLL_INTERVAL,
    maxStaleness: 10_000,
  })
  await feed.sync()
  onTestFinished(async () => {
    feed.close()
    await store.close()
    vi.useRealTimers()
    await rm(folder, { recursive: true })
  })
  return { path, store, clock, feed, logs, fullReads: () => fullReads }
}

/** Advances all clocks, and polls. */
export async function advance({ feed }: FeedSetup, milliseconds = POLL_INTERVAL): Promise<void> {
  vi.advanceTimersByTime(milliseconds)
  await feed.sync()
}

/** Revokes a token that expires after `lifetime` (ms). */
export const revoke = (
  { store, clock }: FeedSetup,
  jti: string,
  lifetime = 15 * MINUTE,
): ReturnType<Store['revocations']['revoke']> =>
  store.revocations.revoke({ kind: 'token', jti, expiresAt: clock.now() + lifetime }, clock.now())

/** Writes the entries with these IDs. Each revokes the token of its number. */
export function writeEntries({ path, clock }: FeedSetup, first: number, last: number): void {
  const writer = new DatabaseSync(path)
  const insert = writer.prepare(`
    with recursive n(id) as (select cast(? as integer) union all select id + 1 from n where id < ?)
    insert into consulate_revocations (id, kind, subject, epoch, expires_at)
    select id, 'token', 'token ' || id, 0, ? from n`)
  insert.run(first, last, clock.now() + 60 * MINUTE)
  writer.close()
}

/** Returns whether the feed knows that a token is revoked. */
export const isRevoked = ({ feed }: FeedSetup, jti: string): boolean =>
  feed.hasRevokedToken({
    jti,
    sub: 'alice',
    client_id: 'never revoked',
    subject_type: 'user',
    epochs: [0, 0, 0],
  } as unknown as AccessTokenClaims)

/** Backs up the database. Returns a function that restores the backup while the feed is running. */
export async function backUp({ path }: FeedSetup): Promise<() => Promise<void>> {
  const copy = `${path}.backup`
  const reader = new DatabaseSync(path)
  reader.exec(`vacuum into '${copy}'`)
  reader.close()
  return async () => {
    await Promise.all([rm(`${path}-wal`, { force: true }), rm(`${path}-shm`, { force: true })])
    await copyFile(copy, `${copy}.again`)
    await rename(`${copy}.again`, path)
  }
}
