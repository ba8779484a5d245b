import type { Insertable, Selectable } from 'kysely'
import type { Authorization, Rotation } from '../../model/authorization.ts'
import { isReservedClientId } from '../../model/client.ts'
import type { Session } from '../../model/session.ts'
import type { AuthorizationStore } from '../authorizations.ts'
import type { ListOptions } from '../list-options.ts'
import { fromJson, numberOrNull, toJson } from './columns.ts'
import type { Database, QueryRunner } from './database.ts'
import { createDependencyLock, dependenciesOfSession } from './dependencies.ts'
import { pageLimit } from './paging.ts'
import { prepare, prepareInsert } from './prepare.ts'
import { createRefresh } from './refresh.ts'
import { toSessionRow } from './sessions.ts'
import type { AuthorizationTable } from './tables.ts'

export function createAuthorizationStore(database: Database): AuthorizationStore {
  const { dialect, first, all, transaction } = database
  const inserter = createAuthorizationInserter(database)
  const find = prepare(({ id }: { id: string }) => selectAuthorizations(database).where('id', '=', id))
  const markUsed = prepareMarkUsed(database)
  const listByUser = prepareListByUser(database)
  const authorizations: AuthorizationStore = {
    async insert(authorization, subject, session) {
      const clientId = isReservedClientId(authorization.clientId) ? null : authorization.clientId
      const addition = { authorization, subject, clientId, session }
      try {
        return await transaction('durable', async (queries) => {
          if (!(await inserter.lockDependencies(queries, addition))) return false
          await inserter.insert(queries, addition)
          return true
        })
      } catch (error) {
        if (dialect.isUniqueViolation(error) && (await authorizations.find(authorization.id))) return false
        throw error
      }
    },
    async find(id) {
      const row = await first(find({ id }))
      return row && toAuthorization(row)
    },
    refresh: createRefresh(database),
    listByUser: async ({ provider, userId }, now) =>
      (await all(listByUser({ provider, userId, now }))).map(toAuthorization),
    list: async (now, options) =>
      (await all(buildList(database, now, options).compile())).map(toAuthorization),
    async markUsed(uses) {
      if (uses.size === 0) return
      // In one order everywhere, so that two calls for the same authorizations cannot deadlock.
      const inOrder = [...uses].toSorted(([left], [right]) => (left < right ? -1 : 1))
      await transaction('relaxed', async (queries) => {
        for (const [id, usedAt] of inOrder) await queries.execute(markUsed({ id, usedAt }))
      })
    },
  }
  return authorizations
}

/** A new authorization. */
export interface NewAuthorization {
  readonly authorization: Authorization
  /** The `sub` of its user. */
  readonly subject: string
  /** The client that it depends on; null if its client ID is reserved. */
  readonly clientId: string | null
  /** The session that starts with it, if one does. */
  readonly session: Session | undefined
}

/** Inserts authorizations within a transaction. */
export interface AuthorizationInserter {
  /** Locks everything that the authorization and its new session depend on. Returns false if any of it is revoked. */
  lockDependencies(queries: QueryRunner, addition: NewAuthorization): Promise<boolean>
  /** Inserts the session, if there is one, and the authorization. */
  insert(queries: QueryRunner, addition: NewAuthorization): Promise<void>
}

export function createAuthorizationInserter(database: Database): AuthorizationInserter {
  const lock = createDependencyLock(database)
  const insertSession = prepareInsert(database.db, 'consulate_sessions')
  const insertAuthorization = prepareInsert(database.db, 'consulate_authorizations')
  return {
    async lockDependencies(queries, { authorization: { epochs, sessionId }, subject, clientId, session }) {
      // A session that starts now has no row to lock yet.
      const existingSession = session?.id === sessionId ? null : sessionId
      if (!(await lock(queries, { epochs, subject, clientId, sessionId: existingSession }))) return false
      return !session || lock(queries, dependenciesOfSession(session, subject))
    },
    async insert(queries, { authorization, session }) {
      if (session) await queries.execute(insertSession(toSessionRow(session)))
      await queries.execute(insertAuthorization(toAuthorizationRow(authorization)))
    },
  }
}

const selectAuthorizations = ({ db }: Database) => db.selectFrom('consulate_authorizations').selectAll()

const prepareMarkUsed = ({ db }: Database) =>
  prepare(({ id, usedAt }: { id: string; usedAt: number }) =>
    db
      .updateTable('consulate_authorizations')
      .set({ last_used_at: usedAt })
      .where('id', '=', id)
      .where('last_used_at', '<', usedAt),
  )

/** Selects those with a refresh or access token that has neither expired nor been revoked. */
const selectLive = (database: Database, now: number) =>
  selectAuthorizations(database)
    .where('revoked_at', 'is', null)
    .where((eb) => eb.or([eb('expires_at', '>', now), eb('access_expires_at', '>', now)]))

const buildList = (
  database: Database,
  now: number,
  { limit, after, clientId }: ListOptions & { readonly clientId?: string } = {},
) =>
  selectLive(database, now)
    .$if(after !== undefined, (query) => query.where('id', '>', after ?? ''))
    .$if(clientId !== undefined, (query) => query.where('client_id', '=', clientId ?? ''))
    .orderBy('id')
    .limit(pageLimit(limit))

const prepareListByUser = (database: Database) =>
  prepare(({ provider, userId, now }: { provider: string; userId: string; now: number }) =>
    selectLive(database, now)
      .where('provider', '=', provider)
      .where('user_id', '=', userId)
      .orderBy('created_at', 'desc')
      .orderBy('id'),
  )

export const toAuthorizationRow = (authorization: Authorization): Insertable<AuthorizationTable> => ({
  id: authorization.id,
  client_id: authorization.clientId,
  provider: authorization.provider,
  user_id: authorization.userId,
  session_id: authorization.sessionId,
  scopes: toJson(authorization.scopes),
  resources: toJson(authorization.resources),
  name: authorization.name,
  seed_hash: authorization.seedHash,
  generation: authorization.generation,
  rotations: toJson(authorization.rotations),
  issuer_epoch: authorization.epochs.issuer,
  client_epoch: authorization.epochs.client,
  user_epoch: authorization.epochs.user,
  created_at: authorization.createdAt,
  last_used_at: authorization.lastUsedAt,
  expires_at: authorization.expiresAt,
  access_expires_at: authorization.accessExpiresAt,
  revoked_at: authorization.revokedAt,
  purge_at: authorization.revokedAt ?? authorization.expiresAt,
})

export const toAuthorization = (row: Selectable<AuthorizationTable>): Authorization => ({
  id: row.id,
  clientId: row.client_id,
  provider: row.provider,
  userId: row.user_id,
  sessionId: row.session_id,
  scopes: fromJson(row.scopes),
  resources: fromJson(row.resources),
  name: row.name,
  seedHash: row.seed_hash,
  generation: Number(row.generation),
  rotations: JSON.parse(row.rotations) as Rotation[],
  epochs: {
    issuer: Number(row.issuer_epoch),
    client: Number(row.client_epoch),
    user: Number(row.user_epoch),
  },
  createdAt: Number(row.created_at),
  lastUsedAt: Number(row.last_used_at),
  expiresAt: Number(row.expires_at),
  accessExpiresAt: Number(row.access_expires_at),
  revokedAt: numberOrNull(row.revoked_at),
})
