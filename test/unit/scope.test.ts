import { expect, test } from 'vitest'
import {
  coversScope,
  coversScopes,
  firstUncovered,
  formatScope,
  isSameScope,
  isScopeToken,
  parseScope,
} from '../../src/model/scope.ts'

test('a scope is visible ASCII without quote and backslash (RFC 6749 section 3.3)', () => {
  for (const text of ['orders:read', '*', '!', '#[]~', 'https://api.example/orders'])
    expect(isScopeToken(text)).toBe(true)
  for (const text of ['', 'a b', 'a"b', 'a\\b', 'a\tb', 'a\n', 'é', '\u007F', 'a'.repeat(256)])
    expect(isScopeToken(text)).toBe(false)
})

test('a list contains each scope once, in order', () => {
  expect(parseScope('b a b  c ')).toEqual(['b', 'a', 'c'])
  expect(parseScope('')).toEqual([])
  expect(parseScope(undefined)).toEqual([])
})

test('only spaces separate: a scope with a tab or line break is invalid', () => {
  expect(parseScope('a\tb\nc').every(isScopeToken)).toBe(false)
})

test('formatting reverses parsing', () => {
  expect(formatScope(parseScope('a b c'))).toBe('a b c')
})

test('a scope covers only itself: no prefix, other case or inherited property', () => {
  for (const scope of ['orders', 'orders:read:all', 'ORDERS:READ', '', 'constructor', '__proto__'])
    expect(coversScope(['orders:read'], scope)).toBe(false)
  expect(coversScope(['orders:read'], 'orders:read')).toBe(true)
})

test('* covers every scope, and only * covers it', () => {
  expect(coversScope(['*'], 'anything')).toBe(true)
  expect(coversScope(['orders:*'], 'orders:read')).toBe(false)
  expect(coversScope(['a', 'b'], '*')).toBe(false)
})

test('all wanted scopes must be covered, and the first one that is not is returned', () => {
  expect(coversScopes(['a', 'b'], ['b', 'a'])).toBe(true)
  expect(coversScopes(['a'], [])).toBe(true)
  expect(coversScopes(['a'], ['a', 'b'])).toBe(false)
  expect(firstUncovered(['a'], ['a', 'b', 'c'])).toBe('b')
  expect(firstUncovered(['a', 'b'], ['*'])).toBe('*')
})

test('two lists are equal in any order, and differ if either contains more', () => {
  expect(isSameScope(['a', 'b'], ['b', 'a'])).toBe(true)
  expect(isSameScope([], [])).toBe(true)
  expect(isSameScope(['a'], ['a', 'b'])).toBe(false)
  expect(isSameScope(['a', 'a'], ['a', 'b'])).toBe(false)
  expect(isSameScope(['a', 'b'], ['a', 'a'])).toBe(false)
})
