import { expect, test } from 'vitest'
import { toAuth } from '../../src/guard/auth.ts'
import type { AccessTokenClaims } from '../../src/model/claims.ts'

const authWith = (scope: string, isInherited = false) =>
  toAuth({ sub: '7', provider: 'users', subject_type: 'user', scope } as AccessTokenClaims, { isInherited })

test.each([
  ['orders:read', 'orders:read', false, true],
  ['orders:read', 'orders:create', false, false],
  ['*', 'orders:read', false, true],
  ['orders', 'orders:read', false, false],
  ['orders', 'orders:read', true, true],
  ['orders:read', 'orders', true, false],
])('a token with %j can do %j, with inheritance %s: %s', (granted, scope, isInherited, isCovered) => {
  const auth = authWith(granted, isInherited)
  expect([auth.can(scope), auth.cannot(scope)]).toEqual([isCovered, !isCovered])
})

test('a handler cannot add scopes to what the guard remembers of a token', () => {
  const auth = authWith('orders:read')
  expect(() => (auth.scopes as string[]).push('orders:create')).toThrow(TypeError)
  expect(() => Object.assign(auth, { scopes: ['*'] })).toThrow(TypeError)
})
