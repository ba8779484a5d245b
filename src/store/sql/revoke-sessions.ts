import { sql } from 'kysely'
import type { Selectable } from 'kysely'
import type { RevocationStore } from '../revocations.ts'
import type { Database, QueryRunner } from './database.ts'
import type { EpochCounters } from './epochs.ts'
import { createFeedLock } from './feed-lock.ts'
import { earliestExpiry, toEntry } from './feed.ts'
import { insertMissingEntries } from './missing-entries.ts'
import { prepare } from './prepare.ts'
import { isLive } from './sessions.ts'
import type { RevocationTable } from './tables.ts'

/** What the statements need. */
interface Parameters {
  readonly provider: string
  readonly userId: string
  readonly subject: string
  readonly except: string
  readonly now: number
  readonly minimumExpiry: number
}

/** Matches no session. */
const NO_SESSION = ''

/**
 * Creates the revocation of all sessions of a user. It runs one statement for each table and 512 sessions, and locks in the
 * same order as `revoke`.
 */
export function createRevokeSessions(
  database: Database,
  counters: EpochCounters,
): RevocationStore['revokeSessions'] {
  const lockSessions = prepareLock(database)
  const revokeSessions = prepareRevocation(database)
  const lockFeed = createFeedLock(database)
  const insertEntries = prepareEntries(database)
  const listEntries = prepareListEntries(database)
  return ({ provider, userId }, { subject, except = NO_SESSION, ...cookies }, now) =>
    database.transaction('durable', async (queries) => {
      const minimumExpiry = earliestExpiry(cookies, now)
      const given = { provider, userId, subject, except, now, minimumExpiry }
      // The user cannot sign in meanwhile: the updates must revoke the locked sessions and no others.
      await counters.lock(queries, 'user', subject)
      const ids = new Set((await queries.all(lockSessions(given))).map(({ id }) => id))
      if (ids.size === 0) return []
      await queries.execute(revokeSessions(given))
      await revokeDependents(database, queries, [...ids], now)
      await lockFeed(queries)
      await queries.execute(insertEntries(given))
      // A session that was revoked by another call in the same millisecond is found too.
      const rows = (await queries.all(listEntries(given))).filter((row) => ids.has(row.subject))
      return latestOfEach(rows).map(toEntry)
    })
}

const latestOfEach = (
  rows: readonly Selectable<RevocationTable>[],
): readonly Selectable<RevocationTable>[] => [...new Map(rows.map((row) => [row.subject, row])).values()]

const prepareLock = ({ db, dialect: { clauses } }: Database) =>
  prepare(({ provider, userId, except }: Parameters) =>
    db
      .selectFrom('consulate_sessions')
      .select('id')
      .where('provider', '=', provider)
      .where('user_id', '=', userId)
      .where('id', '<>', except)
      .where('revoked_at', 'is', null)
      .orderBy('id')
      .modifyEnd(sql.raw(clauses.forUpdate)),
  )

const prepareRevocation = ({ db }: Database) =>
  prepare(({ provider, userId, except, now }: Parameters) =>
    db
      .updateTable('consulate_sessions')
      .set({ revoked_at: now, purge_at: now })
      .where('provider', '=', provider)
      .where('user_id', '=', userId)
      .where('id', '<>', except)
      .where('revoked_at', 'is', null),
  )

/** Selects the sessions that were revoked now. */
const selectRevoked = ({ db }: Database, { provider, userId, now }: Parameters) =>
  db
    .selectFrom('consulate_sessions')
    .where('provider', '=', provider)
    .where('user_id', '=', userId)
    .where('revoked_at', '=', now)

/**
 * Voids the codes and revokes the authorizations of sessions. With a subquery instead of their IDs, MariaDB would read every
 * row of these tables.
 */
async function revokeDependents(
  { db }: Database,
  queries: QueryRunner,
  sessionIds: readonly string[],
  now: number,
): Promise<void> {
  const batches = batchesOf(sessionIds)
  for (const table of ['consulate_codes', 'consulate_device_codes'] as const) {
    const update = db.updateTable(table).set({ voided_at: now })
    const unspent = update.where('spent_at', 'is', null).where('voided_at', 'is', null)
    for (const ids of batches) await queries.execute(unspent.where('session_id', 'in', ids).compile())
  }
  const update = db.updateTable('consulate_authorizations').set({ revoked_at: now, purge_at: now })
  const unrevoked = update.where('revoked_at', 'is', null)
  for (const ids of batches) await queries.execute(unrevoked.where('session_id', 'in', ids).compile())
}

const MAX_BATCH = 512

/** Repeats the last ID until a batch has 1, 2, 4 … of them, because databases prepare each number as another statement. */
function batchesOf(ids: readonly string[]): readonly (readonly string[])[] {
  const count = Math.ceil(ids.length / MAX_BATCH)
  return Array.from({ length: count }, (_, index) => {
    const batch = ids.slice(index * MAX_BATCH, (index + 1) * MAX_BATCH)
    const length = 2 ** Math.ceil(Math.log2(batch.length))
    return Array.from({ length }, (__, position) => batch[position] ?? batch.at(-1) ?? '')
  })
}

/** Writes an entry for each live session. */
const prepareEntries = (database: Database) =>
  prepare((given: Parameters) =>
    insertMissingEntries(database, 'session', selectWithLastExpiry(database, given), given),
  )

/** Adds when the last access token of each session expires. */
const selectWithLastExpiry = (database: Database, given: Parameters) =>
  selectRevoked(database, given)
    .where(isLive(given.now, given.now))
    .select('id')
    .select((eb) =>
      eb
        .selectFrom('consulate_authorizations')
        .select(({ fn }) => fn.max('access_expires_at').as('last'))
        .whereRef('consulate_authorizations.session_id', '=', 'consulate_sessions.id')
        .as('last_expiry'),
    )

const prepareListEntries = (database: Database) =>
  prepare((given: Parameters) =>
    database.db
      .selectFrom('consulate_revocations')
      .selectAll()
      .where('kind', '=', 'session')
      .where('subject', 'in', selectRevoked(database, given).select('id'))
      .orderBy('id'),
  )
