import type { MessageStore } from '../messages.ts'
import type { Database } from './database.ts'
import { prepare, prepareInsert } from './prepare.ts'

export function createMessageStore({ db, all, execute }: Database): MessageStore {
  const insert = prepareInsert(db, 'consulate_messages')
  const listSince = prepare(({ id, limit }: { id: number; limit: number }) =>
    db.selectFrom('consulate_messages').selectAll().where('id', '>', id).orderBy('id').limit(limit),
  )
  const deleteUpTo = prepare(({ id }: { id: number }) =>
    db.deleteFrom('consulate_messages').where('id', '<=', id),
  )
  return {
    async insert(text) {
      await execute(insert({ message: text }))
    },
    listSince: async (id, limit) =>
      (await all(listSince({ id, limit }))).map((row) => ({ id: Number(row.id), text: row.message })),
    async deleteUpTo(id) {
      await execute(deleteUpTo({ id }))
    },
  }
}
