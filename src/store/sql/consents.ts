import { sql } from 'kysely'
import type { ConsentStore } from '../contract.ts'
import { prepare } from './prepare.ts'
import type { Database } from './database.ts'
import { voidCodes } from './revocations.ts'

/** Marks the consent itself, which may cover no scopes. A scope is never empty (RFC 6749 section 3.3). */
const NO_SCOPE = ''

/** One row for each scope, so that adding scopes is an insert. */
export function createConsentStore(database: Database): ConsentStore {
  const { db, dialect, all, transaction } = database
  const find = prepare(
    ({ provider, userId, clientId }: { provider: string; userId: string; clientId: string }) =>
      db
        .selectFrom('consulate_consents')
        .select('scope')
        .where('provider', '=', provider)
        .where('user_id', '=', userId)
        .where('client_id', '=', clientId)
        .orderBy('scope'),
  )
  return {
    async find({ provider, userId }, clientId) {
      const rows = await all(find({ provider, userId, clientId }))
      if (rows.length === 0) return undefined
      return rows.map(({ scope }) => scope).filter((scope) => scope !== NO_SCOPE)
    },
    async add({ provider, userId }, clientId, scopes, now) {
      const rows = [...new Set([NO_SCOPE, ...scopes])].map((scope) => ({
        provider,
        user_id: userId,
        client_id: clientId,
        scope,
        given_at: now,
      }))
      const insert = db
        .insertInto('consulate_consents')
        .values(rows)
        .modifyEnd(sql.raw(dialect.clauses.keepExisting('scope')))
      await transaction('durable', (queries) => queries.execute(insert.compile()))
    },
    async delete({ provider, userId }, clientId, now) {
      const filter = { provider, user_id: userId, client_id: clientId }
      const deletion = db.deleteFrom('consulate_consents').where((eb) => eb.and(filter))
      await transaction('durable', async (queries) => {
        await queries.execute(deletion.compile())
        await voidCodes(database, queries, filter, now)
      })
    },
    async deleteAll({ provider, userId }) {
      const filter = { provider, user_id: userId }
      const deletion = db.deleteFrom('consulate_consents').where((eb) => eb.and(filter))
      await transaction('durable', (queries) => queries.execute(deletion.compile()))
    },
  }
}
