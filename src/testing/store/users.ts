import type { Suite } from './suite.ts'
import { countTrue, failureOf, NOW, sampleUser } from './samples.ts'

export function testUsers({ describe, test, expect }: Suite): void {
  describe('built-in users', () => {
    test('finds a user by id and by email', async ({ users }) => {
      const user = sampleUser({ name: 'Ålice 🦊', disabledAt: NOW })
      expect(await users.insert(user)).toBe(true)
      expect(await users.find('alice')).toEqual(user)
      expect(await users.findByEmail('alice@example.com')).toEqual(user)
      expect(await users.find('bob')).toBe(undefined)
      expect(await users.findByEmail('bob@example.com')).toBe(undefined)
    })

    test('returns false if the email is taken, and inserts nothing', async ({ users }) => {
      await users.insert(sampleUser())
      expect(await users.insert(sampleUser({ id: 'second' }))).toBe(false)
      expect(await users.find('second')).toBe(undefined)
    })

    test('throws if the id is taken', async ({ users }) => {
      await users.insert(sampleUser())
      expect(await failureOf(users.insert(sampleUser({ email: 'other@example.com' })))).toBe('Error')
    })

    test('gives an email to one user under 50 parallel attempts', async ({ users }) => {
      const racers = Array.from({ length: 50 }, (_, index) => sampleUser({ id: `racer-${index}` }))
      expect(countTrue(await Promise.all(racers.map((user) => users.insert(user))))).toBe(1)
      expect((await users.list()).length).toBe(1)
    })

    test('lists users by id, in pages', async ({ users }) => {
      for (const id of ['c', 'a', 'b']) await users.insert(sampleUser({ id, email: `${id}@example.com` }))
      expect((await users.list()).map(({ id }) => id)).toEqual(['a', 'b', 'c'])
      expect((await users.list({ limit: 1, after: 'a' })).map(({ id }) => id)).toEqual(['b'])
    })

    test('lists at most 100 users unless a limit is given', async ({ users }) => {
      for (let index = 0; index < 101; index++)
        await users.insert(sampleUser({ id: `user-${index}`, email: `${index}@example.com` }))
      expect((await users.list()).length).toBe(100)
      expect((await users.list({ limit: 200 })).length).toBe(101)
    })

    test('updates only the given values', async ({ users }) => {
      await users.insert(sampleUser())
      expect(await users.update('alice', { passwordHash: 'new' })).toBe(true)
      expect(await users.update('alice', { name: 'Alicia', disabledAt: NOW })).toBe(true)
      const changed = sampleUser({ name: 'Alicia', passwordHash: 'new', disabledAt: NOW })
      expect(await users.find('alice')).toEqual(changed)
      expect(await users.update('alice', { disabledAt: null })).toBe(true)
      expect(await users.find('alice')).toEqual({ ...changed, disabledAt: null })
      expect(await users.update('bob', { name: 'Bob' })).toBe(false)
    })

    test('replaces a password hash only if it is the expected one', async ({ users }) => {
      await users.insert(sampleUser({ passwordHash: 'weak' }))
      expect(await users.replacePasswordHash('alice', 'weak', 'strong')).toBe(true)
      expect(await users.find('alice')).toEqual(sampleUser({ passwordHash: 'strong' }))
      expect(await users.replacePasswordHash('alice', 'weak', 'late')).toBe(false)
      expect(await users.replacePasswordHash('bob', 'strong', 'late')).toBe(false)
      expect(await users.find('alice')).toEqual(sampleUser({ passwordHash: 'strong' }))
    })

    test('replaces a password hash once under 20 parallel attempts', async ({ users }) => {
      await users.insert(sampleUser({ passwordHash: 'weak' }))
      const racers = Array.from({ length: 20 }, (_, index) => `strong-${index}`)
      const answers = await Promise.all(
        racers.map((hash) => users.replacePasswordHash('alice', 'weak', hash)),
      )
      expect(countTrue(answers)).toBe(1)
      expect((await users.find('alice'))?.passwordHash).toBe(racers[answers.indexOf(true)])
    })
  })
}
