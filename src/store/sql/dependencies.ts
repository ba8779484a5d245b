import { sql } from 'kysely'
import { hasCurrentEpochs } from '../../model/epochs.ts'
import type { Epochs } from '../../model/epochs.ts'
import type { Session } from '../../model/session.ts'
import type { Database, QueryRunner } from './database.ts'
import { createEpochCounters } from './epochs.ts'
import { prepare } from './prepare.ts'

/** What a row depends on: a revocation of any of these revokes the row. */
export interface Dependencies {
  /** The epochs that the row carries. */
  readonly epochs: Epochs
  /** The `sub` of the user; null if it has no user yet. */
  readonly subject: string | null
  /** Null if it does not depend on a client. */
  readonly clientId: string | null
  /** Null if it does not depend on a session. */
  readonly sessionId: string | null
}

/** Returns what a session depends on: neither a client nor another session. */
export const dependenciesOfSession = (
  { issuerEpoch, userEpoch }: Pick<Session, 'issuerEpoch' | 'userEpoch'>,
  subject: string,
): Dependencies => ({
  epochs: { issuer: issuerEpoch, client: 0, user: userEpoch },
  subject,
  clientId: null,
  sessionId: null,
})

/**
 * Locks what a row depends on, so that it cannot be revoked before the transaction ends. Returns false if a client or
 * session is missing or revoked, or if an epoch was raised.
 */
export type LockDependencies = (queries: QueryRunner, dependencies: Dependencies) => Promise<boolean>

/** Creates the lock of a database. It locks epochs, client and session in the same order as `revoke`. */
export function createDependencyLock(database: Database): LockDependencies {
  const counters = createEpochCounters(database)
  const lockClient = createRowLock(database, 'clients')
  const lockSession = createRowLock(database, 'sessions')
  return async (queries, { epochs, subject, clientId, sessionId }) => {
    const current = await counters.readLocked(queries, subject, clientId)
    if (!hasCurrentEpochs(epochs, current)) return false
    if (clientId !== null && !(await lockClient(queries, clientId))) return false
    return sessionId === null || lockSession(queries, sessionId)
  }
}

/** Creates a lock for a client or a session. It returns false if the row is missing or revoked. */
export function createRowLock(
  { db, dialect: { clauses } }: Database,
  table: 'clients' | 'sessions',
): (queries: QueryRunner, id: string) => Promise<boolean> {
  const find = prepare(({ id }: { id: string }) =>
    db
      .selectFrom(`consulate_${table}`)
      .select('revoked_at')
      .where('id', '=', id)
      .modifyEnd(sql.raw(clauses.forShare)),
  )
  return async (queries, id) => (await queries.first(find({ id })))?.revoked_at === null
}
