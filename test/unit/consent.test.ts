import { expect, test } from 'vitest'
import { allowedAccess, allowedScopes, consentEntries, coversAccess } from '../../src/model/consent.ts'

const AUDIENCE = 'https://shop.example'
const MCP = 'https://mcp.example'

const access = (scopes: readonly string[], ...resources: readonly string[]) => ({ scopes, resources })

test.each([
  ['no scopes at the default audience', access([]), access([]), true],
  ['no scopes at another resource', access([], MCP), access([], MCP), true],
  ['no scopes at a resource that was not asked for', access(['read']), access([], MCP), false],
  ['no scopes at a resource with scopes', access(['read'], MCP), access([], MCP), true],
  ['the default audience by its identifier', access(['read']), access(['read'], AUDIENCE), true],
  ['a scope at another resource only', access(['read'], MCP), access(['read']), false],
  ['both resources if one was allowed', access(['read'], MCP), access(['read'], MCP, AUDIENCE), false],
  ['both resources', access(['read'], MCP, AUDIENCE), access(['read'], AUDIENCE, MCP), true],
  ['another scope', access(['read'], MCP), access(['write'], MCP), false],
  ['a resource that begins alike', access(['read'], `${MCP}/a`), access(['read'], MCP), false],
])('a consent covers what was allowed: %s', (_, allowed, requested, isCovered) => {
  const entries = consentEntries(allowed, AUDIENCE)
  expect(coversAccess({ isInherited: false }, entries, requested, AUDIENCE)).toBe(isCovered)
})

test('with inheritance, a consent to a scope covers those below it, at the same resource only', () => {
  const entries = consentEntries(access(['orders'], MCP), AUDIENCE)
  const isCovered = (...requested: Parameters<typeof access>) =>
    coversAccess({ isInherited: true }, entries, access(...requested), AUDIENCE)
  expect(isCovered(['orders:read'], MCP)).toBe(true)
  expect(isCovered(['orders:read'])).toBe(false)
  expect(isCovered(['ordersx'], MCP)).toBe(false)
})

test.each([
  ['a part', access(['read']), access(['read', 'write']), ['read']],
  ['nothing at another resource', access(['read']), access(['read'], MCP), []],
  ['what each resource has', access(['read', 'write'], MCP), access(['read'], MCP, AUDIENCE), []],
  ['the same', access(['read', 'write'], MCP), access(['write', 'read'], MCP), ['write', 'read']],
  ['no scopes', access(['read']), access([]), []],
] as const)('the requested scopes that a consent covers: %s', (_, allowed, requested, scopes) => {
  const entries = consentEntries(allowed, AUDIENCE)
  expect(allowedScopes({ isInherited: false }, entries, requested, AUDIENCE)).toEqual(scopes)
})

test.each([
  ['authorizations alone', [access(['read']), access(['write', 'read'])], undefined, ['read', 'write'], []],
  ['a consent alone', [], access(['write', 'read']), ['read', 'write'], []],
  ['both', [access(['read'])], access(['write']), ['read', 'write'], []],
  ['no scopes', [access([])], access([]), [], []],
  ['the default audience by its identifier', [access(['read'], AUDIENCE)], undefined, ['read'], []],
  ['another resource', [access(['read'], MCP)], undefined, ['read'], [MCP]],
  ['a consent for another resource', [], access([], MCP), [], [MCP]],
  ['a consent for both', [access(['read'], MCP)], access([], AUDIENCE), ['read'], [MCP, AUDIENCE]],
  ['a scope at each', [access(['read'])], access(['write'], MCP), ['read', 'write'], [MCP, AUDIENCE]],
] as const)(
  'what authorizations and a consent allow together: %s',
  (_, grants, consent, scopes, resources) => {
    const entries = consent && consentEntries(consent, AUDIENCE)
    expect(allowedAccess(grants, entries, AUDIENCE)).toEqual({ scopes, resources })
  },
)
