import { sql } from 'kysely'
import type { ConsentStore } from '../contract.ts'
import { prepare } from './prepared.ts'
import type { Sql } from './queries.ts'

/** What people have allowed clients, in a database: a row for each scope, so that a union is an insert. */
export function createConsentStore({ db, dialect: { phrases }, all, transact }: Sql): ConsentStore {
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
    find: async (user, clientId) => (await all(find({ ...user, clientId }))).map(({ scope }) => scope),
    async remember({ provider, userId }, clientId, scopes, now) {
      if (scopes.length === 0) return
      const insert = db
        .insertInto('consulate_consents')
        .values(
          [...new Set(scopes)].map((scope) => ({
            provider,
            user_id: userId,
            client_id: clientId,
            scope,
            given_at: now,
          })),
        )
        .modifyEnd(sql.raw(phrases.keepExisting))
      await transact('durable', (queries) => queries.change(insert.compile()))
    },
    async forget({ provider, userId }, clientId) {
      const forget = db
        .deleteFrom('consulate_consents')
        .where('provider', '=', provider)
        .where('user_id', '=', userId)
        .where('client_id', '=', clientId)
      await transact('durable', (queries) => queries.change(forget.compile()))
    },
  }
}
