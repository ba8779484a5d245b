import type { Expression, Insertable, Selectable } from 'kysely'
import type { Authorization, Rotation } from '../../model/authorization.ts'
import type { Advance, AuthorizationStore, Page } from '../contract.ts'
import { fromJson, greaterOf, numberOrNull, toJson } from './columns.ts'
import { ISSUER_SUBJECT } from './epochs.ts'
import { createLiveness } from './liveness.ts'
import { prepare, prepareInsert } from './prepared.ts'
import type { Sql } from './queries.ts'
import type { AuthorizationTable, EpochKind } from './tables.ts'

/** Authorizations in a database. */
export function createAuthorizationStore(database: Sql): AuthorizationStore {
  const { db, first, all, change, transact } = database
  const isLive = createLiveness(database)
  const insert = prepareInsert(db, 'consulate_authorizations')
  const find = prepare(({ id }: { id: string }) => selectAuthorizations(database).where('id', '=', id))
  const advance = prepareAdvance(database)
  const listOf = prepareList(database)
  return {
    insert: (authorization, subject) =>
      transact('durable', async (queries) => {
        if (!(await isLive(queries, { ...authorization, subject }))) return false
        await queries.change(insert(toAuthorizationRow(authorization)))
        return true
      }),
    async find(id) {
      const row = await first(find({ id }))
      return row && toAuthorization(row)
    },
    advance: async (step, subject) =>
      (await change(advance({ ...step, rotations: toJson(step.rotations), subject }))) === 1,
    listOf: async ({ provider, userId }, now) =>
      (await all(listOf({ provider, userId, now }))).map(toAuthorization),
    list: async (now, page) => (await all(listQuery(database, now, page).compile())).map(toAuthorization),
  }
}

const selectAuthorizations = ({ db }: Sql) => db.selectFrom('consulate_authorizations').selectAll()

type AdvanceSlots = Omit<Advance, 'rotations'> & { readonly rotations: string; readonly subject: string }

/** One statement: whoever finds the generation changed, the row revoked or an epoch raised changes nothing. */
const prepareAdvance = ({ db }: Sql) =>
  prepare(({ id, from, to, rotations, lastUsedAt, expiresAt, accessExpiresAt, subject }: AdvanceSlots) =>
    db
      .updateTable('consulate_authorizations')
      .set({
        generation: to,
        rotations,
        last_used_at: lastUsedAt,
        expires_at: expiresAt,
        access_expires_at: greaterOf('access_expires_at', accessExpiresAt),
      })
      .where('id', '=', id)
      .where('generation', '=', from)
      .where('revoked_at', 'is', null)
      .where((eb) => {
        const present = (kind: EpochKind, subject: Expression<string>) =>
          eb.fn.coalesce(
            eb
              .selectFrom('consulate_epochs')
              .select('epoch')
              .where('kind', '=', kind)
              .where('subject', '=', subject),
            eb.val(0),
          )
        return eb.and([
          eb('issuer_epoch', '>=', present('issuer', eb.val(ISSUER_SUBJECT))),
          eb('client_epoch', '>=', present('client', eb.ref('client_id'))),
          eb('user_epoch', '>=', present('user', eb.val(subject))),
        ])
      }),
  )

/** Those of which a token lives. */
const selectLive = (database: Sql, now: number) =>
  selectAuthorizations(database)
    .where('revoked_at', 'is', null)
    .where((eb) => eb.or([eb('expires_at', '>', now), eb('access_expires_at', '>', now)]))

const listQuery = (
  database: Sql,
  now: number,
  { limit = 100, after, clientId }: Page & { readonly clientId?: string } = {},
) =>
  selectLive(database, now)
    .$if(after !== undefined, (query) => query.where('id', '>', after ?? ''))
    .$if(clientId !== undefined, (query) => query.where('client_id', '=', clientId ?? ''))
    .orderBy('id')
    .limit(limit)

const prepareList = (database: Sql) =>
  prepare(({ provider, userId, now }: { provider: string; userId: string; now: number }) =>
    selectLive(database, now)
      .where('provider', '=', provider)
      .where('user_id', '=', userId)
      .orderBy('created_at', 'desc')
      .orderBy('id'),
  )

/** An authorization as a row. */
export const toAuthorizationRow = (authorization: Authorization): Insertable<AuthorizationTable> => ({
  id: authorization.id,
  client_id: authorization.clientId,
  provider: authorization.provider,
  user_id: authorization.userId,
  session_id: authorization.sessionId,
  scopes: toJson(authorization.scopes),
  resource: authorization.resource,
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
})

const toAuthorization = (row: Selectable<AuthorizationTable>): Authorization => ({
  id: row.id,
  clientId: row.client_id,
  provider: row.provider,
  userId: row.user_id,
  sessionId: row.session_id,
  scopes: fromJson(row.scopes),
  resource: row.resource,
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
