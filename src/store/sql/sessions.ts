import { sql } from 'kysely'
import type { ExpressionBuilder, Insertable, Selectable } from 'kysely'
import type { Session } from '../../model/session.ts'
import type { UserRef } from '../../model/subject.ts'
import type { SessionRenewal, SessionStore } from '../sessions.ts'
import type { ListOptions } from '../list-options.ts'
import { fromFlag, fromJson, greaterOf, numberOrNull, toFlag, toJson, type AnyInteger } from './columns.ts'
import { createDependencyLock, dependenciesOfSession } from './dependencies.ts'
import { pageLimit } from './paging.ts'
import { prepare, prepareInsert } from './prepare.ts'
import type { Database } from './database.ts'
import type { SessionTable, Tables } from './tables.ts'

export function createSessionStore(database: Database): SessionStore {
  const { db, first, all, execute, transaction } = database
  const lockDependencies = createDependencyLock(database)
  const isFalseIfTaken = (error: unknown): false => {
    if (database.dialect.isUniqueViolation(error)) return false
    throw error
  }
  const insert = prepareInsert(db, 'consulate_sessions')
  const find = prepare(({ id }: { id: string }) =>
    withLastSeen(database, selectWithLastUse(database).where('id', '=', id)),
  )
  const findByCookie = prepare(({ hash }: { hash: string }) =>
    selectSessions(database).where('cookie_hash', '=', hash),
  )
  const findRevokedSignIn = prepareFindRevokedSignIn(database)
  const renew = prepareRenewal(database)
  const touch = prepareTouch(database)
  const confirm = prepareConfirm(database)
  const listByUser = prepareListByUser(database)
  return {
    insert: (session, subject) =>
      transaction('durable', async (queries) => {
        if (!(await lockDependencies(queries, dependenciesOfSession(session, subject)))) return false
        await queries.execute(insert(toSessionRow(session)))
        return true
      }).catch(isFalseIfTaken),
    async insertRevoked(session) {
      await transaction('durable', (queries) => queries.execute(insert(toSessionRow(session))))
    },
    async find(id) {
      const row = await first(find({ id }))
      return row && toSeenSession(row)
    },
    renew: (id, renewal) =>
      transaction('durable', async (queries) => {
        if (!(await lockDependencies(queries, dependenciesOfSession(renewal, renewal.subject)))) return false
        return (await queries.execute(renew(toRenewalParameters(id, renewal)))) === 1
      }).catch(isFalseIfTaken),
    async findByCookie(hash) {
      const row = await first(findByCookie({ hash }))
      return row && toSession(row)
    },
    listByAppSession: async (hashes) =>
      (
        await all(selectSessions(database).where('app_session_hash', 'in', hashes).orderBy('id').compile())
      ).map(toSession),
    hasRevokedSignIn: async ({ provider, userId }, authenticatedAt) =>
      (await first(findRevokedSignIn({ provider, userId, authenticatedAt }))) !== undefined,
    confirm: async (id, authenticatedAt) =>
      transaction(
        'durable',
        async (queries) => (await queries.execute(confirm({ id, authenticatedAt }))) === 1,
      ),
    async touch(id, seenAt, expiresAt) {
      await execute(touch({ id, seenAt, expiresAt }))
    },
    listByUser: async ({ provider, userId }, now) =>
      (await all(listByUser({ provider, userId, now }))).map(toSeenSession),
    list: async (now, options) => (await all(buildList(database, now, options).compile())).map(toSeenSession),
  }
}

const selectSessions = ({ db }: Database) => db.selectFrom('consulate_sessions').selectAll()

const prepareFindRevokedSignIn = ({ db }: Database) =>
  prepare(({ provider, userId, authenticatedAt }: UserRef & { readonly authenticatedAt: number }) =>
    db
      .selectFrom('consulate_sessions')
      .select('id')
      .where('provider', '=', provider)
      .where('user_id', '=', userId)
      .where('authenticated_at', '=', authenticatedAt)
      .where('app_session_hash', 'is not', null)
      .where('revoked_at', 'is not', null)
      .limit(1),
  )

type RenewalParameters = Omit<SessionRenewal, 'isPersistent' | 'methods'> & {
  readonly id: string
  readonly isPersistent: number
  readonly methods: string
}

const toRenewalParameters = (id: string, renewal: SessionRenewal): RenewalParameters => ({
  ...renewal,
  id,
  isPersistent: toFlag(renewal.isPersistent),
  methods: toJson(renewal.methods),
})

const prepareRenewal = ({ db }: Database) =>
  prepare((renewal: RenewalParameters) =>
    db
      .updateTable('consulate_sessions')
      .set({
        cookie_hash: renewal.cookieHash,
        app_session_hash: renewal.appSessionHash,
        issuer_epoch: renewal.issuerEpoch,
        user_epoch: renewal.userEpoch,
        authenticated_at: renewal.authenticatedAt,
        last_seen_at: renewal.lastSeenAt,
        expires_at: renewal.expiresAt,
        is_persistent: renewal.isPersistent,
        methods: renewal.methods,
      })
      .where('id', '=', renewal.id)
      .where('revoked_at', 'is', null),
  )

/** Each of the two times only moves forward, whatever the other one does. */
const prepareTouch = ({ db }: Database) =>
  prepare(({ id, seenAt, expiresAt }: { id: string; seenAt: number; expiresAt: number }) =>
    db
      .updateTable('consulate_sessions')
      .set({
        last_seen_at: greaterOf(sql.ref('last_seen_at'), sql.val(seenAt)),
        expires_at: greaterOf(sql.ref('expires_at'), sql.val(expiresAt)),
      })
      .where('id', '=', id)
      .where('revoked_at', 'is', null),
  )

const prepareConfirm = ({ db }: Database) =>
  prepare(({ id, authenticatedAt }: { id: string; authenticatedAt: number }) =>
    db
      .updateTable('consulate_sessions')
      .set({ authenticated_at: greaterOf(sql.ref('authenticated_at'), sql.val(authenticatedAt)) })
      .where('id', '=', id)
      .where('revoked_at', 'is', null),
  )

const selectWithLastUse = (database: Database) =>
  selectSessions(database).select((eb) =>
    eb
      .selectFrom('consulate_authorizations')
      .select(({ fn }) => fn.max('last_used_at').as('last_used_at'))
      .whereRef('consulate_authorizations.session_id', '=', 'consulate_sessions.id')
      .as('last_used_at'),
  )

const selectLive = (database: Database, now: number) =>
  selectWithLastUse(database).where('revoked_at', 'is', null).where(isLive(now, null))

/**
 * Matches sessions that have not expired, and expired ones whose device still has a token that works: one of an
 * authorization that is unrevoked, or with `revokedAt`, was until then.
 */
export const isLive =
  (now: number, revokedAt: number | null) => (eb: ExpressionBuilder<Tables, 'consulate_sessions'>) =>
    eb.or([
      eb('expires_at', '>', now),
      // With `exists`, MariaDB may read every authorization once to look them up in a temporary table.
      eb(
        eb
          .selectFrom('consulate_authorizations')
          .select(sql<number>`1`.as('found'))
          .whereRef('consulate_authorizations.session_id', '=', 'consulate_sessions.id')
          .where('consulate_authorizations.revoked_at', revokedAt === null ? 'is' : '=', revokedAt)
          .where((row) =>
            row.or([
              row('consulate_authorizations.expires_at', '>', now),
              row('access_expires_at', '>', now),
            ]),
          )
          .limit(sql.lit(1)),
        'is not',
        null,
      ),
    ])

/** Adds when each of the selected sessions was last seen, by its own visits and by the uses of its authorizations. */
const withLastSeen = ({ db }: Database, sessions: ReturnType<typeof selectWithLastUse>) =>
  db.selectFrom(sessions.as('found')).selectAll().select(LAST_SEEN.as('seen_at'))

/** A session without authorizations has no last use, and a comparison with null is never true. */
const LAST_SEEN = sql<AnyInteger>`case when last_used_at > last_seen_at then last_used_at else last_seen_at end`

const prepareListByUser = (database: Database) =>
  prepare(({ provider, userId, now }: { provider: string; userId: string; now: number }) =>
    withLastSeen(
      database,
      selectLive(database, now).where('provider', '=', provider).where('user_id', '=', userId),
    )
      .orderBy('seen_at', 'desc')
      .orderBy('id'),
  )

const buildList = (database: Database, now: number, { limit, after }: ListOptions = {}) =>
  withLastSeen(
    database,
    selectLive(database, now)
      .$if(after !== undefined, (query) => query.where('id', '>', after ?? ''))
      .orderBy('id')
      .limit(pageLimit(limit)),
  ).orderBy('id')

type SeenRow = Selectable<SessionTable> & { readonly seen_at: AnyInteger }

const toSeenSession = (row: SeenRow): Session => ({ ...toSession(row), lastSeenAt: Number(row.seen_at) })

export const toSessionRow = (session: Session): Insertable<SessionTable> => ({
  id: session.id,
  cookie_hash: session.cookieHash,
  app_session_hash: session.appSessionHash,
  provider: session.provider,
  user_id: session.userId,
  device_name: session.deviceName,
  user_agent: session.userAgent,
  address: session.address,
  issuer_epoch: session.issuerEpoch,
  user_epoch: session.userEpoch,
  created_at: session.createdAt,
  authenticated_at: session.authenticatedAt,
  last_seen_at: session.lastSeenAt,
  expires_at: session.expiresAt,
  is_persistent: toFlag(session.isPersistent),
  methods: toJson(session.methods),
  revoked_at: session.revokedAt,
  purge_at: session.revokedAt ?? session.expiresAt,
})

const toSession = (row: Selectable<SessionTable>): Session => ({
  id: row.id,
  cookieHash: row.cookie_hash,
  appSessionHash: row.app_session_hash,
  provider: row.provider,
  userId: row.user_id,
  deviceName: row.device_name,
  userAgent: row.user_agent,
  address: row.address,
  issuerEpoch: Number(row.issuer_epoch),
  userEpoch: Number(row.user_epoch),
  createdAt: Number(row.created_at),
  authenticatedAt: Number(row.authenticated_at),
  lastSeenAt: Number(row.last_seen_at),
  expiresAt: Number(row.expires_at),
  isPersistent: fromFlag(row.is_persistent),
  methods: row.methods === null ? [] : fromJson(row.methods),
  revokedAt: numberOrNull(row.revoked_at),
})
