import type { Insertable, Selectable } from 'kysely'
import type { UserRecord, UserStore } from '../users.ts'
import type { ListOptions } from '../list-options.ts'
import { numberOrNull } from './columns.ts'
import { pageLimit } from './paging.ts'
import { prepare, prepareInsert } from './prepare.ts'
import type { Database } from './database.ts'
import type { UserTable } from './tables.ts'

export function createUserStore(database: Database): UserStore {
  const { db, dialect, first, all, execute, transaction } = database
  const insert = prepareInsert(db, 'consulate_users')
  const find = prepare(({ id }: { id: string }) => selectUsers(database).where('id', '=', id))
  const findByEmail = prepare(({ email }: { email: string }) =>
    selectUsers(database).where('email', '=', email),
  )
  const users: UserStore = {
    async insert(user) {
      try {
        await transaction('durable', (queries) => queries.execute(insert(toRow(user))))
        return true
      } catch (error) {
        if (dialect.isUniqueViolation(error) && (await users.findByEmail(user.email))) return false
        throw error
      }
    },
    async find(id) {
      const row = await first(find({ id }))
      return row && toUser(row)
    },
    async findByEmail(email) {
      const row = await first(findByEmail({ email }))
      return row && toUser(row)
    },
    list: async (options) => (await all(buildList(database, options).compile())).map(toUser),
    update: (id, { name, passwordHash, disabledAt }) =>
      transaction('durable', async (queries) => {
        const changes = { id, name, password_hash: passwordHash, disabled_at: disabledAt }
        const update = db.updateTable('consulate_users').set(changes).where('id', '=', id)
        return (await queries.execute(update.compile())) > 0
      }),
    async replacePasswordHash(id, from, to) {
      const update = db
        .updateTable('consulate_users')
        .set({ password_hash: to })
        .where('id', '=', id)
        .where('password_hash', '=', from)
      return (await execute(update.compile())) > 0
    },
  }
  return users
}

const selectUsers = ({ db }: Database) => db.selectFrom('consulate_users').selectAll()

const buildList = (database: Database, { limit, after }: ListOptions = {}) =>
  selectUsers(database)
    .$if(after !== undefined, (query) => query.where('id', '>', after ?? ''))
    .orderBy('id')
    .limit(pageLimit(limit))

const toRow = (user: UserRecord): Insertable<UserTable> => ({
  id: user.id,
  email: user.email,
  name: user.name,
  password_hash: user.passwordHash,
  created_at: user.createdAt,
  disabled_at: user.disabledAt,
})

const toUser = (row: Selectable<UserTable>): UserRecord => ({
  id: row.id,
  email: row.email,
  name: row.name,
  passwordHash: row.password_hash,
  createdAt: Number(row.created_at),
  disabledAt: numberOrNull(row.disabled_at),
})
