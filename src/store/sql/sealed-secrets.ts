import type { SealedSecretStore } from '../sealed-secrets.ts'
import type { Database } from './database.ts'
import { prepare } from './prepare.ts'

/** The table has one row. */
const ID = 'issuer'

export function createSealedSecretStore({ db, dialect, first, transaction }: Database): SealedSecretStore {
  const find = prepare(({ id }: { id: string }) =>
    db.selectFrom('consulate_sealed_secrets').select(['version', 'sealed']).where('id', '=', id),
  )
  const insert = (sealed: string) =>
    db.insertInto('consulate_sealed_secrets').values({ id: ID, version: 1, sealed }).compile()
  const update = (from: number, sealed: string) =>
    db
      .updateTable('consulate_sealed_secrets')
      .set({ version: from + 1, sealed })
      .where('id', '=', ID)
      .where('version', '=', from)
      .compile()
  return {
    async read() {
      const row = await first(find({ id: ID }))
      return row && { version: Number(row.version), sealed: row.sealed }
    },
    async replace(from, sealed) {
      try {
        const query = from === 0 ? insert(sealed) : update(from, sealed)
        return await transaction('durable', async (queries) => (await queries.execute(query)) > 0)
      } catch (error) {
        if (dialect.isUniqueViolation(error)) return false
        throw error
      }
    },
  }
}
