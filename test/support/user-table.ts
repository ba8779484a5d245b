import type { BuiltInUser, UserProvider } from '../../src/index.ts'
import type { TestUser } from './server.ts'

/** A user table of the app, by ID. */
export interface UserTable {
  readonly users: Map<string, TestUser>
  readonly provider: UserProvider<BuiltInUser>
}

export function createUserTable(initial: readonly TestUser[] = []): UserTable {
  const users = new Map(initial.map((user) => [user.id, user]))
  const shown = (user: TestUser | undefined) => user && { ...user, name: `customer ${user.id}` }
  return {
    users,
    provider: {
      find: async (id) => shown(users.get(id)),
      findByUsername: async (name) => shown([...users.values()].find(({ email }) => email === name)),
      verifyPassword: async (found, password) =>
        found !== undefined && users.get(found.id)?.password === password,
      async setPassword(id, password) {
        const user = users.get(id)
        if (user) users.set(id, { ...user, password })
      },
    },
  }
}
