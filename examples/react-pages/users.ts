/** One user, ada@example.com, with the password "correct horse". */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { UserProvider } from 'consulate'

const hashOf = promisify(scrypt) as (password: string, salt: string, length: number) => Promise<Buffer>
const ada = { id: 7, name: 'Ada', email: 'ada@example.com', hash: await hashOf('correct horse', 'a1', 32) }

export const users: UserProvider<typeof ada> = {
  find: async (id) => (id === '7' ? ada : undefined),
  findByUsername: async (name) => (name === ada.email ? ada : undefined),
  async verifyPassword(user, password) {
    // Hash without a user too, or response times reveal who has an account.
    const hash = await hashOf(password, 'a1', 32)
    return timingSafeEqual(hash, user?.hash ?? randomBytes(32)) && user !== undefined
  },
}
