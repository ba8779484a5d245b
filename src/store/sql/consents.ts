import { sql } from 'kysely'
import type { ConsentStore } from '../connections.ts'
import { prepare } from './prepare.ts'
import type { Database, QueryRunner } from './database.ts'

/** Marks the consent itself, which may cover no scopes. A scope is never empty (RFC 6749 section 3.3). */
export const NO_SCOPE = ''

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
    async add({ provider, userId }, clientId, scopes, now, codeHash) {
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
      return transaction('durable', async (queries) => {
        if (codeHash !== undefined && !(await lockUsableCode(database, queries, codeHash))) return false
        await queries.execute(insert.compile())
        return true
      })
    },
    async deleteAll({ provider, userId }) {
      const filter = { provider, user_id: userId }
      const deletion = db.deleteFrom('consulate_consents').where((eb) => eb.and(filter))
      await transaction('durable', (queries) => queries.execute(deletion.compile()))
    },
  }
}

/** Keeps a code from being spent or voided until the transaction ends. Returns false if it is, or if it is missing. */
async function lockUsableCode(
  { db, dialect: { clauses } }: Database,
  queries: QueryRunner,
  hash: string,
): Promise<boolean> {
  const find = db
    .selectFrom('consulate_codes')
    .select('hash')
    .where('hash', '=', hash)
    .where('spent_at', 'is', null)
    .where('voided_at', 'is', null)
    .modifyEnd(sql.raw(clauses.forShare))
  return (await queries.first(find.compile())) !== undefined
}
