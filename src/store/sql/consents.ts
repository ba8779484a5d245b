import { sql } from 'kysely'
import type { ConsentStore } from '../contract.ts'
import { prepare } from './prepared.ts'
import type { Sql } from './queries.ts'
import { voidCodes } from './sweep.ts'

/** Stands for the consent itself, which may be to no scope at all. No scope is empty (RFC 6749 section 3.3). */
const NO_SCOPE = ''

/** What people have allowed clients, in a database: a row for each scope, so that a union is an insert. */
export function createConsentStore(database: Sql): ConsentStore {
  const { db, dialect, all, transact } = database
  const find = prepare((slots: { provider: string; userId: string; clientId: string }) =>
    db
      .selectFrom('consulate_consents')
      .select('scope')
      .where('provider', '=', slots.provider)
      .where('user_id', '=', slots.userId)
      .where('client_id', '=', slots.clientId)
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
        .modifyEnd(sql.raw(dialect.phrases.keepExisting('scope')))
      await transact('durable', (queries) => queries.change(insert.compile()))
    },
    async delete({ provider, userId }, clientId, now) {
      const reach = { provider, user_id: userId, client_id: clientId }
      const forget = db.deleteFrom('consulate_consents').where((eb) => eb.and(reach))
      await transact('durable', async (queries) => {
        await queries.change(forget.compile())
        await voidCodes(database, queries, reach, now)
      })
    },
  }
}
