import { describe, expect, test } from 'vitest'
import {
  coversScope,
  coversScopes,
  firstUncovered,
  formatScope,
  isSameScope,
  isScopeToken,
  parseScope,
  remainingScopes,
  resolveScopes,
  scopeRulesFor,
  type ScopeRules,
} from '../../src/model/scope.ts'

const EXACT = { isInherited: false }
const INHERITED = { isInherited: true }

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
    expect(coversScope(EXACT, ['orders:read'], scope)).toBe(false)
  expect(coversScope(EXACT, ['orders:read'], 'orders:read')).toBe(true)
})

test('* covers every scope, and only * covers it', () => {
  expect(coversScope(EXACT, ['*'], 'anything')).toBe(true)
  expect(coversScope(EXACT, ['orders:*'], 'orders:read')).toBe(false)
  expect(coversScope(EXACT, ['a', 'b'], '*')).toBe(false)
})

test('all wanted scopes must be covered, and the first one that is not is returned', () => {
  expect(coversScopes(EXACT, ['a', 'b'], ['b', 'a'])).toBe(true)
  expect(coversScopes(EXACT, ['a'], [])).toBe(true)
  expect(coversScopes(EXACT, ['a'], ['a', 'b'])).toBe(false)
  expect(firstUncovered(EXACT, ['a'], ['a', 'b', 'c'])).toBe('b')
  expect(firstUncovered(EXACT, ['a', 'b'], ['*'])).toBe('*')
})

test('two lists are equal in any order, and differ if either contains more', () => {
  expect(isSameScope(['a', 'b'], ['b', 'a'])).toBe(true)
  expect(isSameScope([], [])).toBe(true)
  expect(isSameScope(['a'], ['a', 'b'])).toBe(false)
  expect(isSameScope(['a', 'a'], ['a', 'b'])).toBe(false)
  expect(isSameScope(['a', 'b'], ['a', 'a'])).toBe(false)
})

describe('with inheritance', () => {
  test.each([
    ['orders', 'orders', true],
    ['orders', 'orders:read', true],
    ['orders', 'orders:read:mine', true],
    ['orders:read', 'orders:read:mine', true],
    ['orders', 'orders:', true],
    ['orders', 'ordersx', false],
    ['orders', 'ordersx:read', false],
    ['orders', 'my:orders', false],
    ['orders', 'Orders:read', false],
    ['orders:read', 'orders', false],
    ['orders:read', 'orders:create', false],
    ['orders:read', 'orders:readonly', false],
    ['orders:', 'orders:read', false],
    ['orders', '*', false],
    ['*', 'orders:read', true],
  ])('%j covers %j: %j', (granted, scope, isCovered) => {
    expect(coversScope(INHERITED, [granted], scope)).toBe(isCovered)
    expect(coversScope(INHERITED, ['profile', granted], scope)).toBe(isCovered)
  })

  test('each wanted scope can be covered by another granted one', () => {
    expect(coversScopes(INHERITED, ['orders', 'users:read'], ['orders:read', 'users:read:me'])).toBe(true)
    expect(firstUncovered(INHERITED, ['orders', 'users:read'], ['orders:read', 'users'])).toBe('users')
  })
})

const rules: ScopeRules = {
  defined: new Set(['orders', 'orders:read', 'orders:create', 'profile', 'admin']),
  defaults: ['profile', 'admin'],
  isInherited: true,
  firstPartyOnly: new Set(['admin']),
  required: new Set(),
  allowsEvery: true,
}
const exactRules: ScopeRules = { ...rules, isInherited: false }
const FIRST_PARTY = { isThirdParty: false, ownerId: null }
const THIRD_PARTY = { isThirdParty: true, ownerId: null }
const theirRules = scopeRulesFor(rules, THIRD_PARTY)

describe('the scopes of a request', () => {
  test.each([
    ['a scope below one on the list', rules, 'orders:read', ['orders'], ['orders:read']],
    ['the scope as it was requested', rules, 'orders orders:read', ['orders'], ['orders', 'orders:read']],
    ['the defaults that the list covers', rules, undefined, ['profile', 'orders'], ['profile']],
    ['an empty list of scopes', rules, '', null, []],
    ['* from the list', rules, '*', ['*'], ['*']],
    ['the defaults without the first-party-only ones', theirRules, undefined, null, ['profile']],
    ['any scope by its name, if a third party lists *', theirRules, 'orders', ['*'], ['orders']],
  ])('contain %s', (_, given, requested, allowed, scopes) => {
    expect(resolveScopes(given, requested, allowed)).toEqual({ scopes })
  })

  test.each([
    ['above one on the list', rules, 'orders', ['orders:read'], 'may not request'],
    ['below one on the list, without inheritance', exactRules, 'orders:read', ['orders'], 'may not request'],
    ['below one on the list, but not defined', rules, 'orders:delete', ['orders'], 'is not defined'],
    ['* without a list', rules, '*', null, 'may not request'],
    ['* of a third party that lists it', theirRules, '*', ['*'], 'may not request'],
    ['* of a third party beside a valid scope', theirRules, 'profile *', ['*', 'profile'], 'may not request'],
    ['first-party only, of a third party', theirRules, 'admin', null, 'is for first-party clients only'],
    [
      'first-party only, of a third party that lists it',
      theirRules,
      'admin',
      ['admin'],
      'is for first-party clients only',
    ],
    [
      'first-party only, of a third party that lists *',
      theirRules,
      'profile admin',
      ['*'],
      'is for first-party clients only',
    ],
    [
      'first-party only, of an app that a user registered',
      userAppRules(),
      'admin',
      null,
      'is for first-party clients only',
    ],
  ])('are refused if one is %s', (_, given, requested, allowed, reason) => {
    const problem = expect.stringContaining(reason) as unknown
    expect(resolveScopes(given, requested, allowed)).toEqual({ problem })
  })
})

function userAppRules(): ScopeRules {
  return scopeRulesFor(rules, { isThirdParty: false, ownerId: '42' })
}

test('a first-party client has all rules unchanged', () => {
  expect(scopeRulesFor(rules, FIRST_PARTY)).toBe(rules)
})

test.each([
  ['all', rules, ['orders', 'profile'], null, ['orders', 'profile']],
  ['those still defined', rules, ['gone', 'profile'], null, ['profile']],
  ['none below one that is gone', rules, ['gone', 'gone:read'], ['gone'], []],
  ['those below one on the list', rules, ['orders:read', 'profile'], ['orders'], ['orders:read']],
  ['none below one on the list, without inheritance', exactRules, ['orders:read'], ['orders'], []],
  ['the parts that are still allowed', rules, ['orders'], ['orders:read', 'gone'], ['orders:read']],
  ['no parts without inheritance', exactRules, ['orders'], ['orders:read'], []],
  ['each part once', rules, ['orders', 'orders:read'], ['orders:read'], ['orders:read']],
  ['* alone', rules, ['*'], ['*', 'profile'], ['*']],
  ['what the list has instead of *', rules, ['*'], ['profile', 'gone'], ['profile']],
  ['none that are first-party only', theirRules, ['admin', 'profile'], null, ['profile']],
  ['none that are first-party only, though listed', theirRules, ['admin'], ['admin'], []],
  ['what a third party may have instead of *', theirRules, ['*'], ['*', 'admin'], [...theirRules.defined]],
  ['what a third party without a list may have', theirRules, ['*'], null, [...theirRules.defined]],
])('of granted scopes remain: %s', (_, given, granted, allowed, remaining) => {
  expect(remainingScopes(given, granted, allowed)).toEqual(remaining)
})
