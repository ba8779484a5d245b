import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Store } from '../../src/store/contract.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { builtInUsers, createUser, type BuiltInUser } from '../../src/users/built-in.ts'
import { hashPassword } from '../../src/users/password-hash.ts'
import { displayNameOf, type UserProvider } from '../../src/users/provider.ts'

const EMAIL = 'alice@example.com'
const PASSWORD = 'correct horse'
const clock = { now: () => 1_700_000_000_000 }

const alice: BuiltInUser = { id: 'alice', email: EMAIL, name: 'Alice' }

let passwordHash: string
let store: Store
let users: Required<Omit<UserProvider<BuiltInUser>, 'appSession'>>

/** Creates the provider as the server does, over the store of this test. */
const provide = (options?: Parameters<typeof builtInUsers>[0]) =>
  builtInUsers(options)({ store, clock }) as typeof users

/** Looks a user up and checks the password, as a sign-in does. */
const signIn = async (provider: typeof users, username: string, password: string) => {
  const user = await provider.findByUsername(username)
  return (await provider.verifyPassword(user, password)) ? user : undefined
}

const add = async (email: string, password = PASSWORD, name?: string): Promise<BuiltInUser> => {
  const user = await createUser(store, clock, { email, password, ...(name && { name }) })
  if (!user) throw new Error(`${email} is taken`)
  return user
}

beforeAll(async () => {
  passwordHash = await hashPassword(PASSWORD)
})

beforeEach(async () => {
  store = sqlite(':memory:')
  await store.migrate()
  users = provide()
  await store.users.insert({ ...alice, passwordHash, createdAt: clock.now(), disabledAt: null })
})

afterEach(() => store.close())

describe('a new user', () => {
  test('is found by id, without the password hash', async () => {
    const bob = await add('Bob@example.com', PASSWORD, 'Bob')
    expect(await users.find(bob.id)).toEqual({ id: bob.id, email: 'bob@example.com', name: 'Bob' })
    expect(await signIn(users, 'bob@example.com', PASSWORD)).toEqual(bob)
    expect(await store.users.find(bob.id)).toMatchObject({ createdAt: clock.now(), disabledAt: null })
  })

  test('gets a unique id that is not a plain number', async () => {
    const bob = await add('bob@example.com')
    expect(bob.id).not.toBe((await add('carol@example.com')).id)
    expect(bob.id).toMatch(/^[\w-]{22}$/)
  })

  test('is named after the email if there is no name', async () => {
    expect((await add('bob@example.com', PASSWORD, ' ')).name).toBe('bob@example.com')
  })

  test.each([EMAIL, 'ALICE@Example.COM', ' alice@example.com\t'])(
    'cannot have an email that is taken: %j',
    async (email) => {
      expect(await createUser(store, clock, { email, password: 'another password' })).toBeUndefined()
      expect(await signIn(users, EMAIL, 'another password')).toBeUndefined()
    },
  )

  test.each([
    '',
    '@',
    'alice',
    '@example.com',
    'alice@',
    'a@b@c',
    'a b@example.com',
    'a\u0000@example.com',
    'a\u200B@example.com',
    '\uD800@example.com',
    `${'a'.repeat(243)}@example.com`,
  ])('rejects %j as an email address', async (email) => {
    await expect(createUser(store, clock, { email, password: PASSWORD })).rejects.toMatchObject({
      code: 'invalid_request',
    })
  })

  test.each(['Ada\u001B[2J', 'Ada\nLovelace', 'a'.repeat(256)])('rejects the name %j', async (name) => {
    const input = { email: 'bob@example.com', name, password: PASSWORD }
    await expect(createUser(store, clock, input)).rejects.toMatchObject({ code: 'invalid_request' })
    expect(await store.users.findByEmail('bob@example.com')).toBeUndefined()
  })

  test.each(['', 'seven77', '🎈'.repeat(7), 'e\u0301'.repeat(7), 'x'.repeat(1025)])(
    'must have a password of 8 characters to 1024 bytes (%#)',
    async (password) => {
      await expect(createUser(store, clock, { email: 'bob@example.com', password })).rejects.toMatchObject({
        code: 'invalid_request',
      })
    },
  )
})

describe('a sign-in', () => {
  test('requires the correct email and password', async () => {
    expect(await signIn(users, EMAIL, PASSWORD)).toEqual(alice)
    expect(await signIn(users, EMAIL, 'wrong password')).toBeUndefined()
    expect(await signIn(users, 'bob@example.com', PASSWORD)).toBeUndefined()
    expect(await signIn(users, '', '')).toBeUndefined()
  })

  test.each(['ALICE@EXAMPLE.COM', ' alice@example.com ', 'Alice@Example.com\n'])(
    'accepts any spelling of the email: %j',
    async (email) => expect(await signIn(users, email, PASSWORD)).toEqual(alice),
  )

  test('accepts an email however its accents are composed', async () => {
    const rene = await add('René@example.com'.normalize('NFD'))
    expect(await signIn(users, 'RENÉ@example.com'.normalize('NFC'), PASSWORD)).toEqual(rene)
  })

  test.each([
    'a\u0000@example.com',
    '\uD800@example.com',
    'x'.repeat(1_000_000),
    `' or 1=1 --@example.com`,
    '%@example.com',
  ])('rejects garbage as an email (%#)', async (email) =>
    expect(await signIn(users, email, PASSWORD)).toBeUndefined(),
  )
})

describe('a disabled user', () => {
  beforeEach(() => store.users.update(alice.id, { disabledAt: clock.now() }))

  test('is not found', async () => expect(await users.find(alice.id)).toBeUndefined())

  test('cannot sign in', async () => expect(await signIn(users, EMAIL, PASSWORD)).toBeUndefined())

  test('cannot sign in if they were disabled after the lookup', async () =>
    expect(await users.verifyPassword(alice, PASSWORD)).toBe(false))

  test('is found and can sign in again after being enabled', async () => {
    await store.users.update(alice.id, { disabledAt: null })
    expect(await users.find(alice.id)).toEqual(alice)
    expect(await signIn(users, EMAIL, PASSWORD)).toEqual(alice)
  })
})

describe('the response time of a failed sign-in', () => {
  let attempts = 0
  /** Returns the least CPU time of a sign-in in µs, on all threads: unlike the clock, it does not depend on other processes. */
  const costOf = async (email: string): Promise<number> => {
    const costs: number[] = []
    for (let round = 0; round < 5; round++) {
      const before = process.cpuUsage()
      // A password of its own, because tests remember the hashes that they have computed.
      await signIn(users, email, `wrong password ${(attempts += 1)}`)
      costs.push(process.cpuUsage(before).user)
    }
    return Math.min(...costs)
  }

  test('does not tell whether the user exists or is disabled', async () => {
    await add('disabled@example.com').then(({ id }) => store.users.update(id, { disabledAt: clock.now() }))
    const known = await costOf(EMAIL)
    for (const email of ['nobody@example.com', 'disabled@example.com', 'no email', ''])
      expect(await costOf(email), email).toBeGreaterThan(known / 2)
  })
})

describe('a password', () => {
  test('takes effect immediately when it is set, and the old one stops working', async () => {
    await users.setPassword(alice.id, 'a new password')
    expect(await signIn(users, EMAIL, 'a new password')).toEqual(alice)
    expect(await signIn(users, EMAIL, PASSWORD)).toBeUndefined()
  })

  test('cannot be too short, nor be set for an unknown user', async () => {
    await expect(users.setPassword(alice.id, 'short')).rejects.toMatchObject({ code: 'invalid_request' })
    await expect(users.setPassword('nobody', 'a new password')).rejects.toMatchObject({ status: 404 })
  })
})

describe('a password hash from another system', () => {
  const hashOf = async () => (await store.users.find(alice.id))?.passwordHash
  const verifyLegacyHash = async (password: string, hash: string) => hash === `$plain$${password}`

  beforeEach(() => store.users.update(alice.id, { passwordHash: '$plain$short' }))

  test('is replaced by an Argon2 hash at the next sign-in, for the same password', async () => {
    expect(await signIn(provide({ verifyLegacyHash }), EMAIL, 'short')).toEqual(alice)
    expect(await hashOf()).toMatch(/^\$argon2id\$/)
    expect(await signIn(users, EMAIL, 'short')).toEqual(alice)
  })

  test('stays as it is after a wrong password', async () => {
    expect(await signIn(provide({ verifyLegacyHash }), EMAIL, 'wrong password')).toBeUndefined()
    expect(await hashOf()).toBe('$plain$short')
  })

  test('matches nothing and stays as it is if its verifier returns anything but true', async () => {
    const verdict = async () => ({ isCorrect: false }) as unknown as boolean
    expect(await signIn(provide({ verifyLegacyHash: verdict }), EMAIL, 'wrong password')).toBeUndefined()
    expect(await hashOf()).toBe('$plain$short')
  })

  test('matches no password without a verifier', async () => {
    expect(await signIn(users, EMAIL, 'short')).toBeUndefined()
  })

  test('is not restored over a password that was changed in the meantime', async () => {
    const verifyAndChange = async (password: string, hash: string) => {
      await users.setPassword(alice.id, 'changed meanwhile')
      return verifyLegacyHash(password, hash)
    }
    await signIn(provide({ verifyLegacyHash: verifyAndChange }), EMAIL, 'short')
    expect(await signIn(users, EMAIL, 'changed meanwhile')).toEqual(alice)
    expect(await signIn(users, EMAIL, 'short')).toBeUndefined()
  })
})

test('a weak Argon2 hash is replaced at the next sign-in', async () => {
  const weak = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'
  await store.users.update(alice.id, { passwordHash: weak })
  expect(await signIn(users, EMAIL, 'password')).toEqual(alice)
  expect((await store.users.find(alice.id))?.passwordHash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  expect(await signIn(users, EMAIL, 'password')).toEqual(alice)
})

test('a user is shown by email, or else by name, or else by id', () => {
  expect(displayNameOf({ id: 5, name: 'Alice', email: EMAIL })).toBe(EMAIL)
  expect(displayNameOf({ id: 5, name: 'Alice', email: null })).toBe('Alice')
  expect(displayNameOf({ id: 5, name: '', email: '' })).toBe('5')
})
