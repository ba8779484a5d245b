/** The users of a Prisma schema, whose IDs are a `bigint`. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import type { UserProvider } from 'consulate'
import { PrismaClient, type User } from './generated/client.ts'

// The driver returns every integer as a bigint. By default it rejects those beyond 2^53.
const adapter = new PrismaLibSql({ url: 'file:users.db', intMode: 'bigint' })
export const db = new PrismaClient({ adapter })

const derive = promisify(scrypt) as (password: string, salt: string, length: number) => Promise<Buffer>

export async function hash(password: string, salt = randomBytes(16).toString('hex')): Promise<string> {
  return `${salt}:${(await derive(password, salt, 32)).toString('hex')}`
}

const noPassword = await hash(randomBytes(16).toString('hex'))

export const users: UserProvider<User> = {
  async find(id) {
    return (await db.user.findUnique({ where: { id: BigInt(id), isActive: true } })) ?? undefined
  },
  async findByUsername(username) {
    const email = username.trim().toLowerCase()
    return (await db.user.findUnique({ where: { email, isActive: true } })) ?? undefined
  },
  async verifyPassword(user, password) {
    // Hash without a user too, or response times reveal who has an account.
    const stored = user?.password ?? noPassword
    const computed = await hash(password, stored.split(':')[0])
    return timingSafeEqual(Buffer.from(computed), Buffer.from(stored)) && user !== undefined
  },
  async setPassword(id, password) {
    await db.user.update({ where: { id: BigInt(id) }, data: { password: await hash(password) } })
  },
}
