/** The users of a Drizzle schema, whose IDs are UUIDs. */
import { randomBytes, randomUUID, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { UserProvider } from 'consulate'
import { and, eq, type SQL } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/libsql'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const table = sqliteTable('users', {
  id: text().primaryKey().$defaultFn(randomUUID),
  email: text().notNull().unique(),
  password: text().notNull(),
  isActive: integer({ mode: 'boolean' }).notNull().default(true),
})
export const db = drizzle('file:users.db')

const derive = promisify(scrypt) as (password: string, salt: string, length: number) => Promise<Buffer>

export async function hash(password: string, salt = randomBytes(16).toString('hex')): Promise<string> {
  return `${salt}:${(await derive(password, salt, 32)).toString('hex')}`
}

const noPassword = await hash(randomBytes(16).toString('hex'))

const findActive = (condition: SQL): Promise<typeof table.$inferSelect | undefined> =>
  db.select().from(table).where(and(condition, table.isActive)).get()

export const users: UserProvider<typeof table.$inferSelect> = {
  find: (id) => findActive(eq(table.id, id)),
  findByUsername: (username) => findActive(eq(table.email, username.trim().toLowerCase())),
  async verifyPassword(user, password) {
    // Hash without a user too, or response times reveal who has an account.
    const stored = user?.password ?? noPassword
    const computed = await hash(password, stored.split(':')[0])
    return timingSafeEqual(Buffer.from(computed), Buffer.from(stored)) && user !== undefined
  },
  async setPassword(id, password) {
    await db
      .update(table)
      .set({ password: await hash(password) })
      .where(eq(table.id, id))
  },
}
