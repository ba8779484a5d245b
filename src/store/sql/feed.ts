import type { Selectable } from 'kysely'
import type { RevocationEntry, RevocationKind } from '../../model/revocation.ts'
import type { RevocationStore } from '../revocations.ts'
import { numberOrNull } from './columns.ts'
import { createFeedLock } from './feed-lock.ts'
import { prepare, prepareInsert } from './prepare.ts'
import type { QueryRunner, Database } from './database.ts'
import type { EpochKind, RevocationTable } from './tables.ts'

/** The minimum lifetime (ms) of an entry, which covers tokens that are being signed and not recorded yet. */
export const MINIMUM_LIFETIME = 60_000

/** Returns when the entry of sessions or a user expires at the earliest. */
export const earliestExpiry = (
  { cookiesExpireAt = 0 }: { readonly cookiesExpireAt?: number },
  now: number,
): number => Math.max(now + MINIMUM_LIFETIME, cookiesExpireAt)

/** The entries in `consulate_revocations`. */
export interface Feed {
  readonly write: (queries: QueryRunner, entry: Omit<RevocationEntry, 'id'>) => Promise<RevocationEntry>
  /** Finds the newest entry of a kind and subject. */
  readonly findLatest: (
    queries: QueryRunner,
    kind: RevocationKind,
    subject: string,
  ) => Promise<RevocationEntry | undefined>
  /** Deletes the entries of a counter that are about to be replaced by one with a higher epoch. */
  readonly delete: (queries: QueryRunner, kind: EpochKind, subject: string) => Promise<void>
  readonly listSince: RevocationStore['listSince']
}

export function createFeed(database: Database): Feed {
  const { db, all } = database
  const lock = createFeedLock(database)
  const insert = prepareInsert(db, 'consulate_revocations')
  const findLatest = prepareFindLatest(database)
  const listSince = prepareListSince(database)
  const feed: Feed = {
    async write(queries, { kind, subject, sub, epoch, expiresAt }) {
      await lock(queries)
      await queries.execute(insert({ kind, subject, sub, epoch, expires_at: expiresAt }))
      const entry = await feed.findLatest(queries, kind, subject)
      if (!entry) throw new Error('A revocation vanished within its own transaction')
      return entry
    },
    async findLatest(queries, kind, subject) {
      const row = await queries.first(findLatest({ kind, subject }))
      return row && toEntry(row)
    },
    async delete(queries, kind, subject) {
      const deletion = db
        .deleteFrom('consulate_revocations')
        .where('kind', '=', kind)
        .where('subject', '=', subject)
      await queries.execute(deletion.compile())
    },
    listSince: async (cursor, now, limit) => (await all(listSince({ cursor, now, limit }))).map(toEntry),
  }
  return feed
}

const prepareFindLatest = ({ db }: Database) =>
  prepare(({ kind, subject }: { kind: RevocationKind; subject: string }) =>
    db
      .selectFrom('consulate_revocations')
      .selectAll()
      .where('kind', '=', kind)
      .where('subject', '=', subject)
      .orderBy('id', 'desc')
      .limit(1),
  )

const prepareListSince = ({ db }: Database) =>
  prepare(({ cursor, now, limit }: { cursor: number; now: number; limit: number }) =>
    db
      .selectFrom('consulate_revocations')
      .selectAll()
      .where('id', '>', cursor)
      .where((eb) =>
        eb.or([
          eb('expires_at', 'is', null),
          eb('expires_at', '>', now),
          eb('id', '=', eb.selectFrom('consulate_revocations').select(eb.fn.max('id').as('newest'))),
        ]),
      )
      .orderBy('id')
      .limit(limit),
  )

export const toEntry = (row: Selectable<RevocationTable>): RevocationEntry => ({
  id: Number(row.id),
  kind: row.kind as RevocationKind,
  subject: row.subject,
  sub: row.sub,
  epoch: Number(row.epoch),
  expiresAt: numberOrNull(row.expires_at),
})
