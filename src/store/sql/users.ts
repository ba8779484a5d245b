import type { Insertable, Selectable } from 'kysely'
import type { ListOptions, UserRecord, UserStore } from '../contract.ts'
import { numberOrNull } from './columns.ts'
import { prepare, prepareInsert } from './prepared.ts'
import type { Sql } from './queries.ts'
import type { UserTable } from './tables.ts'

/** The people of the built-in provider in a database. */
export function createUserStore(database: Sql): UserStore {
  const { db, dialect, first, all, change, transact } = database
  const insert = prepareInsert(db, 'consulate_users')
  const find = prepare(({ id }: { id: string }) => selectUsers(database).where('id', '=', id))
  const findByEmail = prepare(({ email }: { email: string }) =>
    selectUsers(database).where('email', '=', email),
  )
  const users: UserStore = {
    async insert(user) {
      try {
        await transact('durable', (queries) => queries.change(insert(toRow(user))))
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
    list: async (page) => (await all(listQuery(database, page).compile())).map(toUser),
    update: (id, { name, passwordHash, disabledAt }) =>
      transact('durable', async (queries) => {
        const changes = { id, name, password_hash: passwordHash, disabled_at: disabledAt }
        const update = db.updateTable('consulate_users').set(changes).where('id', '=', id)
        return (await queries.change(update.compile())) > 0
      }),
    async replacePasswordHash(id, from, to) {
      const update = db
        .updateTable('consulate_users')
        .set({ password_hash: to })
        .where('id', '=', id)
        .where('password_hash', '=', from)
      return (await change(update.compile())) > 0
    },
  }
  return users
}

const selectUsers = ({ db }: Sql) => db.selectFrom('consulate_users').selectAll()

const listQuery = (database: Sql, { limit = 100, after }: ListOptions = {}) =>
  selectUsers(database)
    .$if(after !== undefined, (query) => query.where('id', '>', after ?? ''))
    .orderBy('id')
    .limit(limit)

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
