import type { ImportedTokenStore } from '../imported-tokens.ts'
import { fromJson, toJson } from './columns.ts'
import type { Database } from './database.ts'
import { prepare } from './prepare.ts'

export function createImportedTokenStore({ db, dialect, first, transaction }: Database): ImportedTokenStore {
  const find = prepare(({ id }: { id: string }) =>
    db.selectFrom('consulate_imported_tokens').selectAll().where('id', '=', id),
  )
  return {
    async insert({ id, clientId, scopes, issuerEpoch, clientEpoch, expiresAt }) {
      const row = {
        id,
        client_id: clientId,
        scopes: toJson(scopes),
        issuer_epoch: issuerEpoch,
        client_epoch: clientEpoch,
        expires_at: expiresAt,
      }
      const insert = db.insertInto('consulate_imported_tokens').values(row).compile()
      try {
        return await transaction('durable', async (queries) => (await queries.execute(insert)) === 1)
      } catch (error) {
        if (dialect.isUniqueViolation(error)) return false
        throw error
      }
    },
    async find(id) {
      const row = await first(find({ id }))
      return (
        row && {
          id: row.id,
          clientId: row.client_id,
          scopes: fromJson(row.scopes),
          issuerEpoch: Number(row.issuer_epoch),
          clientEpoch: Number(row.client_epoch),
          expiresAt: Number(row.expires_at),
        }
      )
    },
  }
}
