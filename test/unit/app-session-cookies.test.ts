import { expect, test } from 'vitest'
import { createDerivedKeys } from '../../src/keys/derived.ts'
import type { RootSecret } from '../../src/keys/secrets.ts'
import { createAppSessionCookies } from '../../src/sessions/app-session-cookies.ts'

const OLD = { value: 'o'.repeat(43), state: 'retired' } as const
const NEW = { value: 'n'.repeat(43) }

const cookiesOf = (...secrets: readonly RootSecret[]) =>
  createAppSessionCookies(createDerivedKeys({ secrets }))

const user = { userId: 'ada', authenticatedAt: 5, signInTime: 5, appSessionId: undefined, methods: [] }
const cookies = cookiesOf(NEW)

test('with an ID of the app, the value depends on it and on the provider only', () => {
  const valueOf = (provider: string, changes: object) =>
    cookies.valuesOf(provider, { ...user, ...changes })[0]
  const value = valueOf('users', { appSessionId: 'one' })
  expect(valueOf('users', { appSessionId: 'one', userId: 'bob', signInTime: 6 })).toBe(value)
  expect(valueOf('users', { appSessionId: 'two' })).not.toBe(value)
  expect(valueOf('members', { appSessionId: 'one' })).not.toBe(value)
})

test.each([
  ['user', 'users', { userId: 'bob' }],
  ['time of the sign-in', 'users', { signInTime: 6 }],
  ['provider', 'members', {}],
])('without an ID, the value depends on the %s', (_, provider, changes) => {
  const [value] = cookies.valuesOf('users', user)
  expect(cookies.valuesOf(provider, { ...user, ...changes })[0]).not.toBe(value)
  expect(cookies.valuesOf('users', { ...user, authenticatedAt: 4 })[0]).toBe(value)
})

test.each([
  ['value', 'another', 'users', {}],
  ['provider', 'value', 'members', {}],
  ['user', 'value', 'users', { userId: 'bob' }],
  ['time of the sign-in', 'value', 'users', { signInTime: 6 }],
])('a sign-in is identified by the %s', (_, value, provider, changes) => {
  const hash = cookies.signInHash('value', 'users', user)
  expect(cookies.signInHash(value, provider, { ...user, ...changes })).not.toBe(hash)
  expect(cookies.signInHash('value', 'users', { ...user, authenticatedAt: 4 })).toBe(hash)
})

test('a new root secret finds the sessions of the previous one', () => {
  const rotated = cookiesOf(NEW, OLD)
  for (const given of [user, { ...user, appSessionId: 'one' }])
    expect([...new Set(rotated.valuesOf('users', given))]).toEqual([
      cookiesOf(NEW).valuesOf('users', given)[0],
      cookiesOf({ value: OLD.value }).valuesOf('users', given)[0],
    ])
  expect([...new Set(rotated.hashesOfId('users', 'one'))]).toEqual([
    cookiesOf(NEW).hashesOfId('users', 'one')[0],
    cookiesOf({ value: OLD.value }).hashesOfId('users', 'one')[0],
  ])
})
