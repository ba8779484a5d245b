import { sql } from 'kysely'
import type { ListOptions, SessionRenewal, SessionStore } from '../contract.ts'
import { greaterOf, toFlag } from './columns.ts'
import { createLiveness, tiesOfSession } from './liveness.ts'
import { prepare, prepareInsert } from './prepared.ts'
import type { Sql } from './queries.ts'
import { toSession, toSessionRow } from './session-rows.ts'

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
        if (!(await isLive(queries, tiesOfSession(session, subject)))) return false
        await queries.change(insert(toSessionRow(session)))
        return true
      }),
    async find(id) {
      const row = await first(find({ id }))
      return row && toSession(row)
    },
    renew: (id, renewal) =>
      transact('durable', async (queries) => {
        if (!(await isLive(queries, tiesOfSession(renewal, renewal.subject)))) return false
        return (await queries.change(renew({ ...renewal, id }))) === 1
      }),
    async findByCookie(hash) {
      const row = await first(findByCookie({ hash }))
      return row && toSession(row)
    },
    async touch(id, seenAt, expiresAt) {
      await change(touch({ id, seenAt, expiresAt }))
    },
    listByUser: async ({ provider, userId }, now) =>
      (await all(listOf({ provider, userId, now }))).map(toSession),
    list: async (now, page) => (await all(listQuery(database, now, page).compile())).map(toSession),
  }
}

const selectSessions = ({ db }: Sql) => db.selectFrom('consulate_sessions').selectAll()

const prepareRenewal = ({ db }: Sql) =>
  prepare(
    ({
      id,
      cookieHash,
      issuerEpoch,
      userEpoch,
      lastSeenAt,
      expiresAt,
      isPersistent,
    }: SessionRenewal & { id: string }) =>
      db
        .updateTable('consulate_sessions')
        .set({
          cookie_hash: cookieHash,
          issuer_epoch: issuerEpoch,
          user_epoch: userEpoch,
          last_seen_at: lastSeenAt,
          expires_at: expiresAt,
          is_persistent: toFlag(isPersistent),
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

/** Those that are not over, and those whose devices can still get tokens. */
const selectLive = (database: Sql, now: number) =>
  selectSessions(database)
    .where('revoked_at', 'is', null)
    .where((eb) =>
      eb.or([
        eb('expires_at', '>', now),
        eb.exists(
          eb
            .selectFrom('consulate_authorizations')
            .select(sql<number>`1`.as('found'))
            .whereRef('consulate_authorizations.session_id', '=', 'consulate_sessions.id')
            .where('consulate_authorizations.revoked_at', 'is', null)
            .where('consulate_authorizations.expires_at', '>', now),
        ),
      ]),
    )

const prepareList = (database: Sql) =>
  prepare(({ provider, userId, now }: { provider: string; userId: string; now: number }) =>
    selectLive(database, now)
      .where('provider', '=', provider)
      .where('user_id', '=', userId)
      .orderBy('last_seen_at', 'desc')
      .orderBy('id'),
  )

const listQuery = (database: Sql, now: number, { limit = 100, after }: ListOptions = {}) =>
  selectLive(database, now)
    .$if(after !== undefined, (query) => query.where('id', '>', after ?? ''))
    .orderBy('id')
    .limit(limit)
