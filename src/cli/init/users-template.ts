import type { Language } from './choices.ts'

/** Returns the text of `users.ts`: a provider over a users table. */
export const usersTemplate = (language: Language): string => TEXT[language]

const COMMON = `
/** Hashes off the main thread. Use what your table was hashed with, such as bcrypt or Argon2. */
const hashOf = promisify(scrypt)`

const TABLE = `
// A user to try it with. Replace the table with your database.
const isProduction = process.env.NODE_ENV === 'production'
const ada = { id: 7, name: 'Ada', email: 'ada@example.com', salt: 'a1' }`

const PROVIDER = `  find: async (id) => table.find((user) => String(user.id) === id),
  findByUsername: async (username) => table.find(({ email }) => email === username.trim().toLowerCase()),
  async verifyPassword(user, password) {
    // Hashes without a user too. Otherwise, response times would tell who has an account.
    const { salt, hash } = user ?? dummy
    return timingSafeEqual(await hashOf(password, salt, 32), hash) && user !== undefined
  },
}
`

const TEXT: Readonly<Record<Language, string>> = {
  typescript: `import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { UserProvider } from 'consulate'

export interface User {
  readonly id: number
  readonly name: string
  readonly email: string
  readonly salt: string
  readonly hash: Buffer
}
${COMMON} as (password: string, salt: string, length: number) => Promise<Buffer>
const dummy = { salt: 'b2', hash: randomBytes(32) }
${TABLE}
const table: User[] = isProduction ? [] : [{ ...ada, hash: await hashOf('correct horse', ada.salt, 32) }]

export const users: UserProvider<User> = {
${PROVIDER}`,
  javascript: `import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
${COMMON}
const dummy = { salt: 'b2', hash: randomBytes(32) }
${TABLE}
const table = isProduction ? [] : [{ ...ada, hash: await hashOf('correct horse', ada.salt, 32) }]

/** @type {import('consulate').UserProvider<typeof table[number]>} */
export const users = {
${PROVIDER}`,
}
