import type { Expression } from 'kysely'
import type { RefreshUpdate, AuthorizationStore, ListOptions } from '../contract.ts'
import { toAuthorization } from './authorization-rows.ts'
import { createBirths } from './births.ts'
import { greaterOf, toJson } from './columns.ts'
import { ISSUER_SUBJECT } from './epochs.ts'
import { prepare } from './prepared.ts'
import type { Sql } from './queries.ts'
import type { EpochKind } from './tables.ts'

/** Authorizations in a database. */
export function createAuthorizationStore(database: Sql): AuthorizationStore {
  const { dialect, first, all, change, transact } = database
  const births = createBirths(database)
  const find = prepare(({ id }: { id: string }) => selectAuthorizations(database).where('id', '=', id))
  const advance = prepareAdvance(database)
  const markUsed = prepareUse(database)
  const listOf = prepareList(database)
  const authorizations: AuthorizationStore = {
    async insert(authorization, subject, session) {
      const clientId = authorization.name === null ? authorization.clientId : null
      const birth = { authorization, subject, clientId, session }
      try {
        return await transact('durable', async (queries) => {
          if (!(await births.isLive(queries, birth))) return false
          await births.write(queries, birth)
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
    refresh: async (step, subject) =>
      (await change(advance({ ...step, rotations: toJson(step.rotations), subject }))) === 1,
    listByUser: async ({ provider, userId }, now) =>
      (await all(listOf({ provider, userId, now }))).map(toAuthorization),
    list: async (now, page) => (await all(listQuery(database, now, page).compile())).map(toAuthorization),
    async markUsed(uses) {
      if (uses.size === 0) return
      // All in one order, so that none who marks the same ones waits in a circle.
      const inOrder = [...uses].toSorted(([left], [right]) => (left < right ? -1 : 1))
      await transact('relaxed', async (queries) => {
        for (const [id, usedAt] of inOrder) await queries.change(markUsed({ id, usedAt }))
      })
    },
  }
  return authorizations
}

const selectAuthorizations = ({ db }: Sql) => db.selectFrom('consulate_authorizations').selectAll()

type AdvanceSlots = Omit<RefreshUpdate, 'rotations'> & {
  readonly rotations: string
  readonly subject: string
}

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

const prepareUse = ({ db }: Sql) =>
  prepare(({ id, usedAt }: { id: string; usedAt: number }) =>
    db
      .updateTable('consulate_authorizations')
      .set({ last_used_at: usedAt })
      .where('id', '=', id)
      .where('last_used_at', '<', usedAt),
  )

/** Those of which a token lives. */
const selectLive = (database: Sql, now: number) =>
  selectAuthorizations(database)
    .where('revoked_at', 'is', null)
    .where((eb) => eb.or([eb('expires_at', '>', now), eb('access_expires_at', '>', now)]))

const listQuery = (
  database: Sql,
  now: number,
  { limit = 100, after, clientId }: ListOptions & { readonly clientId?: string } = {},
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
