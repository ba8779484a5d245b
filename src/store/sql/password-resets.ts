import type { Insertable, Selectable } from 'kysely'
import type { PasswordReset } from '../../model/password-reset.ts'
import type { PasswordResetLimit, PasswordResetStore } from '../password-resets.ts'
import { numberOrNull } from './columns.ts'
import type { Database } from './database.ts'
import { createDependencyLock } from './dependencies.ts'
import { createEpochCounters } from './epochs.ts'
import { prepare, prepareInsert } from './prepare.ts'
import { voidPasswordResets } from './revocations.ts'
import type { PasswordResetTable } from './tables.ts'

export function createPasswordResetStore(database: Database): PasswordResetStore {
  const { first, execute, transaction } = database
  const prepared = prepareQueries(database)
  return {
    insert: createInsert(database),
    async find(hash) {
      const row = await first(prepared.find({ hash }))
      return row && toPasswordReset(row)
    },
    spend: (hash, now) =>
      transaction('durable', async (queries) => (await queries.execute(prepared.spend({ hash, now }))) === 1),
    async restore(hash, spentAt) {
      await execute(prepared.restore({ hash, spentAt }))
    },
    async void(hash, now) {
      await execute(prepared.void({ hash, now }))
    },
    voidByUser: ({ provider, userId }, now) =>
      transaction('durable', (queries) =>
        voidPasswordResets(database, queries, { provider, user_id: userId }, now),
      ),
  }
}

/** Runs the same statements whether the user exists or not, and whether the limit is reached or not. */
function createInsert(database: Database): PasswordResetStore['insert'] {
  const counters = createEpochCounters(database)
  const lockDependencies = createDependencyLock(database)
  const countRecent = prepareCount(database)
  const insert = prepareInsert(database.db, 'consulate_password_resets')
  return (reset, { subject, epochs }, { maximum, since }) =>
    database.transaction('relaxed', async (queries) => {
      // Makes the links of one user wait for each other, so that their limit holds.
      await counters.lock(queries, 'user', subject)
      const dependencies = { epochs: { ...epochs, client: 0 }, subject, clientId: null, sessionId: null }
      if (!(await lockDependencies(queries, dependencies))) return 'revoked'
      const row = await queries.first(countRecent({ ...reset, since }))
      const isLimited = Number(row?.recent ?? 0) >= maximum
      await queries.execute(insert(toRow(isLimited ? { ...reset, voidedAt: reset.createdAt } : reset)))
      return isLimited ? 'limited' : 'open'
    })
}

type CountParameters = Pick<PasswordReset, 'provider' | 'userId'> & Pick<PasswordResetLimit, 'since'>

const prepareCount = ({ db }: Database) =>
  prepare(({ provider, userId, since }: CountParameters) =>
    db
      .selectFrom('consulate_password_resets')
      .select(({ fn }) => fn.countAll().as('recent'))
      .where('provider', '=', provider)
      .where('user_id', '=', userId)
      .where('created_at', '>', since)
      .where('voided_at', 'is', null),
  )

const prepareQueries = ({ db }: Database) => ({
  find: prepare(({ hash }: { hash: string }) =>
    db.selectFrom('consulate_password_resets').selectAll().where('hash', '=', hash),
  ),
  /** One statement with all conditions, so that exactly one of any number of concurrent calls spends the link. */
  spend: prepare(({ hash, now }: { hash: string; now: number }) =>
    db
      .updateTable('consulate_password_resets')
      .set({ spent_at: now })
      .where('hash', '=', hash)
      .where('spent_at', 'is', null)
      .where('voided_at', 'is', null)
      .where('expires_at', '>', now),
  ),
  restore: prepare(({ hash, spentAt }: { hash: string; spentAt: number }) =>
    db
      .updateTable('consulate_password_resets')
      .set({ spent_at: null })
      .where('hash', '=', hash)
      .where('spent_at', '=', spentAt),
  ),
  void: prepare(({ hash, now }: { hash: string; now: number }) =>
    db
      .updateTable('consulate_password_resets')
      .set({ voided_at: now })
      .where('hash', '=', hash)
      .where('spent_at', 'is', null)
      .where('voided_at', 'is', null),
  ),
})

const toRow = (reset: PasswordReset): Insertable<PasswordResetTable> => ({
  hash: reset.hash,
  provider: reset.provider,
  user_id: reset.userId,
  created_at: reset.createdAt,
  expires_at: reset.expiresAt,
  spent_at: reset.spentAt,
  voided_at: reset.voidedAt,
})

const toPasswordReset = (row: Selectable<PasswordResetTable>): PasswordReset => ({
  hash: row.hash,
  provider: row.provider,
  userId: row.user_id,
  createdAt: Number(row.created_at),
  expiresAt: Number(row.expires_at),
  spentAt: numberOrNull(row.spent_at),
  voidedAt: numberOrNull(row.voided_at),
})
