import type { Services } from '../endpoints/services.ts'
import { ConfigError } from '../errors.ts'
import { randomBase64url } from '../lib/hash.ts'
import { createUser, type BuiltInUser, type NewUser } from '../users/built-in.ts'

/** A built-in user of a test server, with the password to sign in with. */
export interface TestUser extends BuiltInUser {
  readonly password: string
}

const PASSWORD = 'correct horse battery staple'

/** Hashing the password would take longer than the rest of most tests. */
const PASSWORD_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$EVeU8YucvDrS6zGrjKg6Fw$B/hcz18E6WkDs/and+aKaXwXQ3FmledBFxmu3sz05qI'

/**
 * Creates a built-in user. Only a password of your own is hashed.
 *
 * @throws ConfigError if the server has its own users, or if the email is taken
 */
export async function createTestUser(
  { store, settings: { clock, provider }, userDirectory }: Services,
  given: Partial<NewUser> = {},
): Promise<TestUser> {
  const user = { email: `user-${randomBase64url(6)}@example.com`, password: PASSWORD, ...given }
  const hash = given.password === undefined ? async () => PASSWORD_HASH : undefined
  const created = await createUser(store, clock, user, hash)
  if (!created) throw new ConfigError([{ path: 'email', message: 'is taken' }])
  if (await userDirectory.find({ provider, userId: created.id }))
    return { ...created, password: user.password }
  throw new ConfigError([
    { path: 'users', message: 'are not built in. Create the user where they are, and pass it or its ID' },
  ])
}
