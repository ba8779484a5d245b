import { sql } from 'kysely'
import { hasCurrentEpochs } from '../../model/epochs.ts'
import type { Epochs } from '../../model/epochs.ts'
import type { Session } from '../../model/session.ts'
import { createEpochCounters } from './epochs.ts'
import { prepare } from './prepared.ts'
import type { Queries, Sql } from './queries.ts'

/** What a new row hangs on. */
export interface Ties {
  /** The epochs it carries. */
  readonly epochs: Epochs
  /** The `sub` of the person; null where it belongs to nobody yet. */
  readonly subject: string | null
  /** Null where it belongs to no client. */
  readonly clientId: string | null
  /** Null where it belongs to no session. */
  readonly sessionId: string | null
}

/** What a session hangs on: no client, and no other session. */
export const tiesOfSession = (
  { issuerEpoch, userEpoch }: Pick<Session, 'issuerEpoch' | 'userEpoch'>,
  subject: string,
): Ties => ({
  epochs: { issuer: issuerEpoch, client: 0, user: userEpoch },
  subject,
  clientId: null,
  sessionId: null,
})

/** Whether everything that a new row hangs on lives; and it cannot be revoked until the transaction ends. */
export type Liveness = (queries: Queries, ties: Ties) => Promise<boolean>

/** The liveness check of a database. Locks epochs, client and session in this order, as `revoke` does. */
export function createLiveness(database: Sql): Liveness {
  const counters = createEpochCounters(database)
  const isClientLive = createRowLiveness(database, 'clients')
  const isSessionLive = createRowLiveness(database, 'sessions')
  return async (queries, { epochs, subject, clientId, sessionId }) => {
    const present = await counters.readLocked(queries, subject, clientId)
    if (!hasCurrentEpochs(epochs, present)) return false
    if (clientId !== null && !(await isClientLive(queries, clientId))) return false
    return sessionId === null || isSessionLive(queries, sessionId)
  }
}

/** Whether a client or a session is there and not revoked; and it cannot be revoked until the transaction ends. */
export function createRowLiveness(
  { db, dialect: { phrases } }: Sql,
  table: 'clients' | 'sessions',
): (queries: Queries, id: string) => Promise<boolean> {
  const find = prepare(({ id }: { id: string }) =>
    db
      .selectFrom(`consulate_${table}`)
      .select('revoked_at')
      .where('id', '=', id)
      .modifyEnd(sql.raw(phrases.forShare)),
  )
  return async (queries, id) => (await queries.first(find({ id })))?.revoked_at === null
}
