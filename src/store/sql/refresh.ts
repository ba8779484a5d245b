import { sql } from 'kysely'
import type { Compilable, Expression, ExpressionBuilder, RawBuilder, Selectable, SqlBool } from 'kysely'
import { REMEMBERED_ROTATIONS } from '../../model/authorization.ts'
import type { AuthorizationStore, RefreshedAuthorization, RefreshUpdate } from '../authorizations.ts'
import { fromJson, greaterOf, toJson } from './columns.ts'
import type { Database } from './database.ts'
import { currentEpoch, currentIssuerEpoch } from './epochs.ts'
import { prepare } from './prepare.ts'
import type { AuthorizationTable, Tables } from './tables.ts'

/**
 * What the update returns: columns that never change, so that a database without `returning` can read them before. Only the
 * user's epoch can be raised in between, by a sign-out of their other devices, which revokes this access token like those issued
 * just before it. Reading all columns takes several times as long, also on the side of the driver.
 */
const RETURNED = [
  'provider',
  'user_id',
  'session_id',
  'scopes',
  'issuer_epoch',
  'client_epoch',
  'user_epoch',
  'created_at',
] as const

type ReturnedRow = Pick<Selectable<AuthorizationTable>, (typeof RETURNED)[number]>

/** Creates the update that refreshes an authorization. */
export function createRefresh(database: Database): AuthorizationStore['refresh'] {
  const ofKnownUser = prepareRefresh(database, isCurrentFor)
  const ofBuiltInUser = prepareRefresh(database, isOfBuiltInUser)
  const select = prepare(({ id }: { id: string }) =>
    database.db.selectFrom('consulate_authorizations').select(RETURNED).where('id', '=', id),
  )
  return (update) => {
    const { user, rotation } = update
    const { rotate, keep } = 'subject' in user ? ofKnownUser : ofBuiltInUser
    const parameters = { ...update, ...NO_USER, ...user, rotation: toJson(rotation) }
    return database.changeRow({
      update: (rotation ? rotate : keep)(parameters),
      select: select(update),
      toResult: (row) => toRefreshed(update, row),
    })
  }
}

const toRefreshed = (
  { id, clientId, expiresAt, maximumLifetime }: RefreshUpdate,
  row: ReturnedRow,
): RefreshedAuthorization => ({
  id,
  clientId,
  provider: row.provider,
  userId: row.user_id,
  sessionId: row.session_id,
  scopes: fromJson(row.scopes),
  epochs: {
    issuer: Number(row.issuer_epoch),
    client: Number(row.client_epoch),
    user: Number(row.user_epoch),
  },
  expiresAt: Math.min(expiresAt, Number(row.created_at) + (maximumLifetime ?? Infinity)),
})

interface Parameters extends Omit<RefreshUpdate, 'rotation' | 'user'> {
  /** JSON. */
  readonly rotation: string
  readonly subject: string
  readonly builtInProvider: string
}

const NO_USER = { subject: '', builtInProvider: '' } as const

type Builder = ExpressionBuilder<Tables, 'consulate_authorizations'>
type UserCondition = (eb: Builder, parameters: Parameters) => Expression<SqlBool>

/** The same update with and without a rotation. */
const prepareRefresh = (database: Database, isOfUser: UserCondition) => ({
  rotate: prepare((parameters: Parameters) =>
    buildRefresh(database, parameters, isOfUser, {
      rotations: database.dialect.prependToJson('rotations', parameters.rotation, REMEMBERED_ROTATIONS),
    }),
  ),
  keep: prepare((parameters: Parameters) => buildRefresh(database, parameters, isOfUser, {})),
})

/**
 * One statement with all conditions, so that it changes nothing if another refresh or a revocation came first. That it does
 * not compare the hash of the seed in constant time reveals nothing: nobody can choose the SHA-256 of a guess.
 */
function buildRefresh(
  { db, dialect }: Database,
  parameters: Parameters,
  isOfUser: UserCondition,
  rotations: { readonly rotations?: RawBuilder<string> },
): Compilable<ReturnedRow> {
  const { id, seedHash, clientId, from, to, now, expiresAt, maximumLifetime, accessExpiresAt } = parameters
  const latest = sql`${sql.ref('created_at')} + ${maximumLifetime}`
  const update = db
    .updateTable('consulate_authorizations')
    .set({
      generation: to,
      ...rotations,
      last_used_at: now,
      expires_at: sql`case when ${latest} < ${expiresAt} then ${latest} else ${expiresAt} end`,
      access_expires_at: greaterOf(sql.ref('access_expires_at'), sql.val(accessExpiresAt)),
    })
    .where('id', '=', id)
    .where('seed_hash', '=', seedHash)
    .where((eb) => equals(eb, 'client_id', clientId))
    .where('generation', '=', from)
    .where('expires_at', '>', now)
    .where('revoked_at', 'is', null)
    .where((eb) => eb('issuer_epoch', '>=', currentIssuerEpoch()))
    .where((eb) => eb('client_epoch', '>=', currentEpoch('client', eb.ref('client_id'))))
    .where((eb) => isOfUser(eb, parameters))
  return dialect.hasUpdateReturning ? update.returning(RETURNED) : update
}

/**
 * Compares a column in a way that no index of it can help. While PostgreSQL has no statistics, it may prefer such an index to
 * the primary key, and then reads the authorizations of a whole client, or of all users.
 */
const equals = (eb: Builder, column: 'client_id' | 'provider', value: string): Expression<SqlBool> =>
  eb(eb.case().when(column, '=', value).then(sql.lit(1)).end(), '=', sql.lit(1))

const isCurrentFor: UserCondition = (eb, { subject }) =>
  eb('user_epoch', '>=', currentEpoch('user', eb.val(subject)))

const isOfBuiltInUser: UserCondition = (eb, { builtInProvider }) =>
  eb.and([
    equals(eb, 'provider', builtInProvider),
    eb('resources', '=', sql.lit(toJson([]))),
    eb('user_id', 'not like', sql.lit('%:%')),
    eb('user_epoch', '>=', currentEpoch('user', eb.ref('user_id'))),
    eb.exists(
      eb
        .selectFrom('consulate_users')
        .select('consulate_users.id')
        .whereRef('consulate_users.id', '=', 'consulate_authorizations.user_id')
        .where('consulate_users.disabled_at', 'is', null),
    ),
  ])
