import type { Insertable, Selectable } from 'kysely'
import type { Session } from '../../model/session.ts'
import type { Page, SessionRenewal, SessionStore } from '../contract.ts'
import { greaterOf, numberOrNull } from './columns.ts'
import { createLiveness } from './liveness.ts'
import type { Ties } from './liveness.ts'
import { prepare, prepareInsert } from './prepared.ts'
import type { Sql } from './queries.ts'
import type { SessionTable } from './tables.ts'

/** Sessions in a database. */
export function createSessionStore(database: Sql): SessionStore {
  const { db, first, all, change, transact } = database
  const isLive = createLiveness(database)
  const insert = prepareInsert(db, 'consulate_sessions')
  const find = prepare(({ id }: { id: string }) => selectSessions(database).where('id', '=', id))
  const findByCookie = prepare(({ hash }: { hash: string }) =>
    selectSessions(database).where('cookie_hash', '=', hash),
  )
  const renew = prepareRenewal(database)
  const touch = prepareTouch(database)
  const listOf = prepareList(database)
  return {
    insert: (session, subject) =>
      transact('durable', async (queries) => {
        if (!(await isLive(queries, tiesOf(session, subject)))) return false
        await queries.change(insert(toRow(session)))
        return true
      }),
    async find(id) {
      const row = await first(find({ id }))
      return row && toSession(row)
    },
    renew: (id, renewal) =>
      transact('durable', async (queries) => {
        if (!(await isLive(queries, tiesOf(renewal, renewal.subject)))) return false
        return (await queries.change(renew({ ...renewal, id }))) === 1
      }),
    async findByCookie(hash) {
      const row = await first(findByCookie({ hash }))
      return row && toSession(row)
    },
    async touch(id, seenAt, expiresAt) {
      await change(touch({ id, seenAt, expiresAt }))
    },
    listOf: async ({ provider, userId }, now) =>
      (await all(listOf({ provider, userId, now }))).map(toSession),
    list: async (now, page) => (await all(listQuery(database, now, page).compile())).map(toSession),
  }
}

const tiesOf = (
  { issuerEpoch, userEpoch }: Pick<Session, 'issuerEpoch' | 'userEpoch'>,
  subject: string,
): Ties => ({
  epochs: { issuer: issuerEpoch, client: 0, user: userEpoch },
  subject,
  clientId: null,
  sessionId: null,
})

const selectSessions = ({ db }: Sql) => db.selectFrom('consulate_sessions').selectAll()

const prepareRenewal = ({ db }: Sql) =>
  prepare(
    ({ id, cookieHash, issuerEpoch, userEpoch, lastSeenAt, expiresAt }: SessionRenewal & { id: string }) =>
      db
        .updateTable('consulate_sessions')
        .set({
          cookie_hash: cookieHash,
          issuer_epoch: issuerEpoch,
          user_epoch: userEpoch,
          last_seen_at: lastSeenAt,
          expires_at: expiresAt,
        })
        .where('id', '=', id)
        .where('revoked_at', 'is', null),
  )

/** Each time moves on its own; what is later stays. */
const prepareTouch = ({ db }: Sql) =>
  prepare(({ id, seenAt, expiresAt }: { id: string; seenAt: number; expiresAt: number }) =>
    db
      .updateTable('consulate_sessions')
      .set({
        last_seen_at: greaterOf('last_seen_at', seenAt),
        expires_at: greaterOf('expires_at', expiresAt),
      })
      .where('id', '=', id)
      .where('revoked_at', 'is', null),
  )

const prepareList = (database: Sql) =>
  prepare(({ provider, userId, now }: { provider: string; userId: string; now: number }) =>
    selectSessions(database)
      .where('provider', '=', provider)
      .where('user_id', '=', userId)
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', now)
      .orderBy('last_seen_at', 'desc')
      .orderBy('id'),
  )

const listQuery = (database: Sql, now: number, { limit = 100, after }: Page = {}) =>
  selectSessions(database)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .$if(after !== undefined, (query) => query.where('id', '>', after ?? ''))
    .orderBy('id')
    .limit(limit)

const toRow = (session: Session): Insertable<SessionTable> => ({
  id: session.id,
  cookie_hash: session.cookieHash,
  provider: session.provider,
  user_id: session.userId,
  device_name: session.deviceName,
  user_agent: session.userAgent,
  address: session.address,
  issuer_epoch: session.issuerEpoch,
  user_epoch: session.userEpoch,
  created_at: session.createdAt,
  last_seen_at: session.lastSeenAt,
  expires_at: session.expiresAt,
  revoked_at: session.revokedAt,
})

const toSession = (row: Selectable<SessionTable>): Session => ({
  id: row.id,
  cookieHash: row.cookie_hash,
  provider: row.provider,
  userId: row.user_id,
  deviceName: row.device_name,
  userAgent: row.user_agent,
  address: row.address,
  issuerEpoch: Number(row.issuer_epoch),
  userEpoch: Number(row.user_epoch),
  createdAt: Number(row.created_at),
  lastSeenAt: Number(row.last_seen_at),
  expiresAt: Number(row.expires_at),
  revokedAt: numberOrNull(row.revoked_at),
})
