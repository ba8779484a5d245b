import type { Selectable } from 'kysely'
import type { RevocationEntry, RevocationKind } from '../../model/revocation.ts'
import { numberOrNull } from './columns.ts'
import { prepare, prepareInsert } from './prepared.ts'
import type { Queries, Sql } from './queries.ts'
import type { EpochKind, RevocationTable } from './tables.ts'

/** An entry that has no id yet. */
export type NewEntry = Omit<RevocationEntry, 'id'>

/** The entries of `consulate_revocations`. */
export interface Feed {
  /** Writes an entry. */
  readonly write: (queries: Queries, entry: NewEntry) => Promise<RevocationEntry>
  /** The newest entry of a kind and subject. */
  readonly latest: (
    queries: Queries,
    kind: RevocationKind,
    subject: string,
  ) => Promise<RevocationEntry | undefined>
  /** Forgets the entries of an epoch kind that a higher one is about to replace. */
  readonly forget: (queries: Queries, kind: EpochKind, subject: string) => Promise<void>
  /** The first `limit` entries with an id above `cursor` that have not expired, by id; the newest never counts as expired. */
  readonly since: (cursor: number, now: number, limit: number) => Promise<readonly RevocationEntry[]>
}

/** The revocation feed of a database. */
export function createFeed(database: Sql): Feed {
  const { db, all } = database
  const insert = prepareInsert(db, 'consulate_revocations')
  const latest = prepareLatest(database)
  const since = prepareSince(database)
  const feed: Feed = {
    async write(queries, { kind, subject, epoch, expiresAt }) {
      await queries.change(insert({ kind, subject, epoch, expires_at: expiresAt }))
      const written = await feed.latest(queries, kind, subject)
      if (!written) throw new Error('A revocation vanished within its own transaction')
      return written
    },
    async latest(queries, kind, subject) {
      const row = await queries.first(latest({ kind, subject }))
      return row && toEntry(row)
    },
    async forget(queries, kind, subject) {
      const forget = db
        .deleteFrom('consulate_revocations')
        .where('kind', '=', kind)
        .where('subject', '=', subject)
      await queries.change(forget.compile())
    },
    since: async (cursor, now, limit) => (await all(since({ cursor, now, limit }))).map(toEntry),
  }
  return feed
}

const prepareLatest = ({ db }: Sql) =>
  prepare(({ kind, subject }: { kind: RevocationKind; subject: string }) =>
    db
      .selectFrom('consulate_revocations')
      .selectAll()
      .where('kind', '=', kind)
      .where('subject', '=', subject)
      .orderBy('id', 'desc')
      .limit(1),
  )

const prepareSince = ({ db }: Sql) =>
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

const toEntry = (row: Selectable<RevocationTable>): RevocationEntry => ({
  id: Number(row.id),
  kind: row.kind as RevocationKind,
  subject: row.subject,
  epoch: Number(row.epoch),
  expiresAt: numberOrNull(row.expires_at),
})
