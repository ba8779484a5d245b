import type { ConnectionStore } from '../connections.ts'
import type { Database } from './database.ts'
import { createEpochCounters } from './epochs.ts'
import { createFeedLock } from './feed-lock.ts'
import { MINIMUM_LIFETIME, toEntry } from './feed.ts'
import { insertMissingEntries } from './missing-entries.ts'
import { prepare } from './prepare.ts'
import { voidCodes } from './revocations.ts'

/** What the statements need. */
interface Parameters {
  readonly provider: string
  readonly userId: string
  readonly clientId: string
  readonly subject: string
  readonly now: number
  /** Access tokens that expired before are no longer accepted by any clock. */
  readonly lastAccepted: number
  readonly minimumExpiry: number
}

/**
 * Creates the disconnect of a client. It runs one statement for each table, however many authorizations there are, and
 * locks in the same order as `revoke`. Consents come after codes, as where a consent is added.
 */
export function createDisconnect(database: Database): ConnectionStore['disconnect'] {
  const counters = createEpochCounters(database)
  const deleteConsent = prepareDeletion(database)
  const revokeAuthorizations = prepareRevocation(database)
  const lockFeed = createFeedLock(database)
  const insertEntries = prepareEntries(database)
  const listEntries = prepareListEntries(database)
  return ({ provider, userId }, { clientId, subject }, now) =>
    database.transaction('durable', async (queries) => {
      const given = {
        provider,
        userId,
        clientId,
        subject,
        now,
        lastAccepted: now - MINIMUM_LIFETIME,
        minimumExpiry: now + MINIMUM_LIFETIME,
      }
      // Waits for those that are inserting an authorization of this user, so that none is missed.
      await counters.lock(queries, 'user', subject)
      const filter = { provider, user_id: userId, client_id: clientId }
      const voided = await voidCodes(database, queries, filter, now)
      const deleted = await queries.execute(deleteConsent(given))
      const revoked = await queries.execute(revokeAuthorizations(given))
      if (revoked === 0) return { wasConnected: voided + deleted > 0, entries: [] }
      await lockFeed(queries)
      await queries.execute(insertEntries(given))
      const rows = await queries.all(listEntries(given))
      const latest = new Map(rows.map((row) => [row.subject, row]))
      return { wasConnected: true, entries: Array.from(latest.values(), toEntry) }
    })
}

const prepareDeletion = ({ db }: Database) =>
  prepare(({ provider, userId, clientId }: Parameters) =>
    db
      .deleteFrom('consulate_consents')
      .where('provider', '=', provider)
      .where('user_id', '=', userId)
      .where('client_id', '=', clientId),
  )

const prepareRevocation = ({ db }: Database) =>
  prepare(({ provider, userId, clientId, now }: Parameters) =>
    db
      .updateTable('consulate_authorizations')
      .set({ revoked_at: now, purge_at: now })
      .where('provider', '=', provider)
      .where('user_id', '=', userId)
      .where('client_id', '=', clientId)
      .where('revoked_at', 'is', null),
  )

/** Selects the authorizations that were revoked now and that have access tokens to stop. */
const selectRevoked = ({ db }: Database, { provider, userId, clientId, now, lastAccepted }: Parameters) =>
  db
    .selectFrom('consulate_authorizations')
    .where('provider', '=', provider)
    .where('user_id', '=', userId)
    .where('client_id', '=', clientId)
    .where('revoked_at', '=', now)
    .where('access_expires_at', '>', lastAccepted)

/** Writes an entry for each of them. */
const prepareEntries = (database: Database) =>
  prepare((given: Parameters) => {
    const revoked = selectRevoked(database, given).select(['id', 'access_expires_at as last_expiry'])
    return insertMissingEntries(database, 'authorization', revoked, given)
  })

const prepareListEntries = (database: Database) =>
  prepare((given: Parameters) =>
    database.db
      .selectFrom('consulate_revocations')
      .selectAll()
      .where('kind', '=', 'authorization')
      .where('subject', 'in', selectRevoked(database, given).select('consulate_authorizations.id'))
      .orderBy('id'),
  )
