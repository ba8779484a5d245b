import type { BuiltInUser, UserProvider } from '../../src/index.ts'
import type { Person } from './server.ts'

/** People in a table of the application's own, by id. */
export interface Directory {
  readonly people: Map<string, Person>
  readonly provider: UserProvider<BuiltInUser>
}

/** Makes a table of people. */
export function createDirectory(those: readonly Person[] = []): Directory {
  const people = new Map(those.map((person) => [person.id, person]))
  const shown = (person: Person | undefined) => person && { ...person, name: `customer ${person.id}` }
  return {
    people,
    provider: {
      find: async (id) => shown(people.get(id)),
      findByUsername: async (name) => shown([...people.values()].find(({ email }) => email === name)),
      verifyPassword: async (user, password) =>
        user !== undefined && people.get(user.id)?.password === password,
      async setPassword(id, password) {
        const person = people.get(id)
        if (person) people.set(id, { ...person, password })
      },
    },
  }
}
