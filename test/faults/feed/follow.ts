import { copyFile, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { onTestFinished, vi } from 'vitest'
import type { AccessTokenClaims } from '../../../src/model/claims.ts'
import { createRevocationFeed } from '../../../src/revocations/feed.ts'
import type { RevocationFeed } from '../../../src/revocations/feed.ts'
import type { RevocationSource } from '../../../src/revocations/reader.ts'
import type { Store } from '../../../src/store/contract.ts'
import { sqlite } from '../../../src/store/sqlite.ts'
import { MINUTE } from '../../../src/testing/store/samples.ts'
import { createTestClock } from '../../support/clock.ts'
import type { TestClock } from '../../support/clock.ts'

/** How often (ms) the feed polls. */
export const EVERY = 1_000

/** A feed and what it reads. */
export interface Setup {
  readonly path: string
  readonly store: Store
  readonly clock: TestClock
  readonly feed: RevocationFeed
  readonly logs: readonly string[]
  /** How often the source was asked from the beginning. */
  readonly readsOfAll: () => number
}

/** A feed on a store of its own that polls each second of a clock which stands still unless it is put forward. */
export async function follow(): Promise<Setup> {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance', 'Date'] })
  const folder = await mkdtemp(join(tmpdir(), 'consulate-'))
  const path = join(folder, 'data.db')
  const store = sqlite(path)
  await store.migrate()
  const clock = createTestClock()
  const logs: string[] = []
  const logger = { log: (level: string, message: string) => void logs.push(`${level}: ${message}`) }
  let count = 0
  const source: RevocationSource = {
    listSince(cursor, now, limit) {
      count += Number(cursor === 0)
      return store.revocations.listSince(cursor, now, limit)
    },
  }
  const feed = createRevocationFeed({ source, clock, logger, pollInterval: EVERY, maxStaleness: 10_000 })
  await feed.sync()
  onTestFinished(async () => {
    feed.close()
    await store.close()
    vi.useRealTimers()
    await rm(folder, { recursive: true })
  })
  return { path, store, clock, feed, logs, readsOfAll: () => count }
}

/** Lets time pass, as far as timers and the monotonic clock are concerned too, and reads what is new. */
export async function pass({ feed }: Setup, milliseconds: number): Promise<void> {
  vi.advanceTimersByTime(milliseconds)
  await feed.sync()
}

/** Revokes a token that lives for so long (ms). */
export const revoke = (
  { store, clock }: Setup,
  jti: string,
  lifetime = 15 * MINUTE,
): ReturnType<Store['revocations']['revoke']> =>
  store.revocations.revoke({ kind: 'token', jti, expiresAt: clock.now() + lifetime }, clock.now())

/** Writes the entries with these ids, first to last, all at once; each revokes the token of its number. */
export function writeEntries({ path, clock }: Setup, first: number, last: number): void {
  const writer = new DatabaseSync(path)
  const insert = writer.prepare(`
    with recursive n(id) as (select cast(? as integer) union all select id + 1 from n where id < ?)
    insert into consulate_revocations (id, kind, subject, epoch, expires_at)
    select id, 'token', 'token ' || id, 0, ? from n`)
  insert.run(first, last, clock.now() + 60 * MINUTE)
  writer.close()
}

/** Whether the feed has a token for revoked that nothing else stops. */
export const isRevoked = ({ feed }: Setup, jti: string): boolean =>
  feed.hasRevokedToken({
    jti,
    sub: 'alice',
    client_id: 'never revoked',
    subject_type: 'user',
    epochs: [0, 0, 0],
  } as unknown as AccessTokenClaims)

/** A copy of the database as it is now; putting it back is what an operator does with a backup. */
export async function backUp({ path }: Setup): Promise<() => Promise<void>> {
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
