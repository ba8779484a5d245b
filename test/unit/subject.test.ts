import { expect, test } from 'vitest'
import { subjectOf, userIdOf } from '../../src/model/subject.ts'

const users = ['users', 'customers'].flatMap((provider) =>
  ['5', 'customers:5', 'users:5', ':5', '5:', 'users:customers:5', 'users', 'customers'].map((userId) => ({
    provider,
    userId,
  })),
)

test('the sub of the default provider is the plain id', () => {
  expect(subjectOf({ provider: 'users', userId: '5' }, 'users')).toBe('5')
})

test('the sub of another provider starts with its name', () => {
  expect(subjectOf({ provider: 'customers', userId: '5' }, 'users')).toBe('customers:5')
})

test('no two users share a sub, whatever their ids are', () => {
  const subjects = users.map((user) => subjectOf(user, 'users'))
  expect(new Set(subjects).size).toBe(users.length)
})

test('the id can be read from the sub', () => {
  for (const user of users) expect(userIdOf(subjectOf(user, 'users'), user.provider)).toBe(user.userId)
})
