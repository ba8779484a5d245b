import { describe, expect, test } from 'vitest'
import { configProblems } from '../support/config.ts'

describe('the option apiCookie', () => {
  test.each([
    {},
    { lifetime: '1h', scopes: ['orders:read'], xsrfCookie: 'CSRF' },
    { origins: ['https://app.example.com', 'https://id.example.com:8443'], domain: 'example.com' },
    { domain: 'id.example.com', xsrfCookie: 'a'.repeat(64) },
    { origins: ['https://id.example.com:5173'] },
  ])('accepts %j', (apiCookie) => {
    expect(configProblems({ apiCookie })).toEqual([])
  })

  test.each([
    ['nothing useful', true, 'apiCookie: must be an object'],
    ['a misspelled option', { lifetme: '5m' }, 'apiCookie.lifetme: unknown option. Did you mean lifetime?'],
    ['a lifetime above an hour', { lifetime: '61m' }, 'apiCookie.lifetime: must be at most 1 hour'],
    ['an unknown scope', { scopes: ['orders'] }, 'apiCookie.scopes[0]: is not defined in scopes'],
    ['an origin with a path', { origins: ['https://a.example/'] }, 'apiCookie.origins[0]: must be an origin'],
    [
      'an origin with http',
      { origins: ['http://id.example.com'] },
      'apiCookie.origins[0]: must be an origin',
    ],
    [
      'an origin on another host without a domain',
      { origins: ['https://app.example.com'] },
      'apiCookie.origins[0]: is on a host that cannot read XSRF-TOKEN. Set apiCookie.domain',
    ],
    [
      'an origin outside the domain',
      { origins: ['https://evil.example'], domain: 'example.com' },
      'apiCookie.origins[0]: is on a host that cannot read XSRF-TOKEN',
    ],
    ['a domain of others', { domain: 'example.org' }, 'apiCookie.domain: must be a domain'],
    ['a part of a label', { domain: 'ample.com' }, 'apiCookie.domain: must be a domain'],
    ['a list of domains', { domain: ['example.com'] }, 'apiCookie.domain: must be a domain'],
    [
      'an invalid domain, and not the origins that need it',
      { domain: 'example.org', origins: ['https://app.example.com'] },
      'apiCookie.domain: must be a domain',
    ],
    ['a top-level domain', { domain: 'com' }, 'apiCookie.domain: must be a domain'],
    ['a domain with attributes', { domain: 'example.com; Secure' }, 'apiCookie.domain: must be a domain'],
    ['a long name', { xsrfCookie: 'a'.repeat(65) }, 'apiCookie.xsrfCookie: must be the name of a cookie'],
    ['an unusable name', { xsrfCookie: 'a=b' }, 'apiCookie.xsrfCookie: must be the name of a cookie'],
    [
      'a name with a prefix',
      { xsrfCookie: '__Host-X' },
      'apiCookie.xsrfCookie: must be the name of a cookie',
    ],
  ])('rejects %s', (_, apiCookie, problem) => {
    expect(configProblems({ apiCookie })).toEqual([expect.stringContaining(problem)])
  })

  test('rejects the address of the issuer as a domain', () => {
    const issuer = 'https://192.0.2.1'
    expect(configProblems({ issuer, apiCookie: { domain: '192.0.2.1' } })).toEqual([
      expect.stringContaining('apiCookie.domain: must be a domain'),
    ])
  })

  test('rejects a lifetime longer than that of sessions', () => {
    expect(configProblems({ apiCookie: {}, sessionLifetime: '10m' })).toEqual([
      'apiCookie.lifetime: must not be longer than sessionLifetime',
    ])
  })

  test('accepts a lifetime as long as that of sessions', () => {
    expect(configProblems({ apiCookie: {}, sessionLifetime: '15m' })).toEqual([])
  })
})
